//! PostgreSQL's own functions with effects, of versions 12 to 18: what `pg_proc` lists as volatile
//! without those that only look, and the few that it calls stable although they take an id of the
//! server. A test compares this with `pg_proc`.

use std::sync::LazyLock;

use crate::backend::WordList;

/// Those that a single argument is enough for. They are reached by attribute notation as well.
pub(super) static ONE_ARGUMENT: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&[
        "binary_upgrade_logical_slot_has_caught_up binary_upgrade_set_next_array_pg_type_oid \
         binary_upgrade_set_next_heap_pg_class_oid binary_upgrade_set_next_heap_relfilenode \
         binary_upgrade_set_next_index_pg_class_oid binary_upgrade_set_next_index_relfilenode \
         binary_upgrade_set_next_multirange_array_pg_type_oid \
         binary_upgrade_set_next_multirange_pg_type_oid binary_upgrade_set_next_pg_authid_oid \
         binary_upgrade_set_next_pg_enum_oid binary_upgrade_set_next_pg_tablespace_oid \
         binary_upgrade_set_next_pg_type_oid binary_upgrade_set_next_toast_pg_class_oid \
         binary_upgrade_set_next_toast_pg_type_oid binary_upgrade_set_next_toast_relfilenode \
         binary_upgrade_set_record_init_privs",
        // Indexes.
        "brin_summarize_new_values gin_clean_pending_list",
        // Large objects; `lo_get` only reads one.
        "lo_close lo_creat lo_create lo_import lo_tell lo_tell64 lo_unlink nextval",
        // Locks that outlive the transaction, or keep others waiting.
        "pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_shared \
         pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock \
         pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared",
        // Backups, the write-ahead log, replication.
        "pg_backup_start pg_backup_stop pg_create_physical_replication_slot \
         pg_create_restore_point pg_drop_replication_slot pg_promote pg_replication_origin_create \
         pg_replication_origin_drop pg_replication_origin_session_setup pg_start_backup \
         pg_stop_backup",
        // Other sessions and the server's state.
        "pg_cancel_backend pg_import_system_collations pg_log_backend_memory_contexts \
         pg_restore_attribute_stats pg_restore_relation_stats pg_stat_reset_backend_stats \
         pg_stat_reset_replication_slot pg_stat_reset_shared \
         pg_stat_reset_single_function_counters pg_stat_reset_single_table_counters \
         pg_stat_reset_slru pg_stat_reset_subscription_stats pg_terminate_backend setseed",
        // Files.
        "pg_ls_dir pg_ls_replslotdir pg_ls_tmpdir pg_read_binary_file pg_read_file pg_stat_file",
        // SQL in a string.
        "ts_stat",
    ])
});

/// Those that take none, or more.
pub(super) static OTHER: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&[
        "binary_upgrade_add_sub_rel_state binary_upgrade_create_empty_extension \
         binary_upgrade_replorigin_advance binary_upgrade_set_missing_value \
         brin_desummarize_range brin_summarize_range lo_export lo_from_bytea lo_lseek lo_lseek64 \
         lo_open lo_put lo_truncate lo_truncate64 loread lowrite pg_advisory_unlock_all \
         pg_clear_attribute_stats pg_clear_relation_stats pg_copy_logical_replication_slot \
         pg_copy_physical_replication_slot pg_create_logical_replication_slot",
        // Takes a transaction id, of which there are only so many until a vacuum.
        "pg_current_xact_id txid_current",
        "pg_export_snapshot pg_extension_config_dump pg_log_standby_snapshot \
         pg_logical_emit_message pg_logical_slot_get_binary_changes pg_logical_slot_get_changes \
         pg_logical_slot_peek_binary_changes pg_logical_slot_peek_changes pg_ls_archive_statusdir \
         pg_ls_logdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_summariesdir pg_ls_waldir \
         pg_nextoid pg_notify pg_read_file_old pg_reload_conf pg_replication_origin_advance \
         pg_replication_origin_session_reset pg_replication_origin_xact_reset \
         pg_replication_origin_xact_setup pg_replication_slot_advance pg_rotate_logfile \
         pg_rotate_logfile_old pg_stat_force_next_flush pg_stat_reset \
         pg_stop_making_pinned_objects pg_switch_wal pg_sync_replication_slots \
         pg_wal_replay_pause pg_wal_replay_resume set_config setval",
        // SQL in a string, or a cursor that nobody here has opened.
        "cursor_to_xml cursor_to_xmlschema query_to_xml query_to_xml_and_xmlschema \
         query_to_xmlschema ts_rewrite",
    ])
});
