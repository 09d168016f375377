//! Functions of extensions that reach files or other servers, change what the server or the
//! session holds outside of the transaction, or run SQL from a string.

use std::sync::LazyLock;

use crate::backend::WordList;

/// Those that a single argument is enough for, in whatever schema the extension is.
pub(super) static ONE_ARGUMENT: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&[
        // adminpack
        "pg_file_length pg_file_sync pg_file_unlink",
        // amcheck: it keeps out writers of the table.
        "bt_index_parent_check",
        // azure_storage, citus: other servers
        "blob_list run_command_on_all_nodes run_command_on_coordinator run_command_on_workers",
        // dblink
        "dblink dblink_cancel_query dblink_close dblink_connect dblink_connect_u \
         dblink_disconnect dblink_error_message dblink_exec dblink_fetch dblink_get_notify \
         dblink_get_result dblink_is_busy",
        // http and pg_net
        "http http_delete http_get http_head http_post http_collect_response \
         _http_collect_response",
        // hypopg: indexes that the session keeps
        "hypopg_create_index hypopg_drop_index hypopg_hide_index hypopg_unhide_index",
        // isn: a setting of the session
        "isn_weak",
        // pg_background
        "pg_background_detach pg_background_launch pg_background_result",
        // pg_buffercache, pg_prewarm, pg_visibility
        "pg_buffercache_evict pg_buffercache_evict_relation pg_buffercache_mark_dirty \
         pg_buffercache_mark_dirty_relation pg_prewarm pg_truncate_visibility_map",
        // pg_bulkload
        "pg_bulkload",
        // pg_stat_statements, with defaults since 1.7
        "pg_stat_statements_reset",
        // pg_trgm: a setting of the session
        "set_limit",
        // pgpool
        "pgpool_switch_xlog",
        // postgres_fdw
        "postgres_fdw_disconnect",
        // jdbc_fdw: SQL for another server, by way of a connection of the session
        "jdbc_exec",
        // sepgsql, set_user: who the session is
        "sepgsql_restorecon sepgsql_setcon reset_user set_session_auth set_user set_user_u",
        // tablefunc
        "crosstab crosstab2 crosstab3 crosstab4",
        // worker_spi
        "worker_spi_launch",
        // pgRouting, whose functions take SQL; the debugger of pgAdmin; variables of the session
        "pgr_… _pgr_… pldbg_… pgv_set…",
    ])
});

/// Those that take none, or more.
pub(super) static OTHER: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&[
        "pg_file_rename pg_file_write pg_logdir_ls pg_file_read pg_logfile_rotate \
         autoprewarm_dump_now autoprewarm_start_worker blob_get blob_put master_run_on_worker \
         run_command_on_colocated_placements run_command_on_placements run_command_on_shards \
         connectby dblink_open dblink_send_query heap_force_freeze heap_force_kill http_patch \
         http_put http_reset_curlopt http_set_curlopt hypopg_reset hypopg_reset_index \
         hypopg_unhide_all_indexes oracle_close_connections oracle_execute \
         pg_buffercache_evict_all pg_buffercache_mark_dirty_all pg_qualstats_reset \
         pg_stat_kcache_reset pg_store_plans_reset pg_stat_monitor_reset \
         pg_wait_sampling_reset_profile postgres_fdw_disconnect_all pgpool_pgctl pgpool_promote \
         pgpool_recovery pgpool_remote_start",
        // pg_variables: what the session keeps; the setters are a family
        "pgv_delete pgv_free pgv_insert pgv_remove pgv_update",
        "query_export_to_s3 schedule_in_database table_import_from_s3 xpath_table",
    ])
});

/// Schemas of extensions all of whose functions may reach out, or run SQL from a string.
pub(super) const WHOLE_SCHEMAS: &[&str] = &["duckdb", "pgml"];

/// Of those below, what a single argument is enough for. Left out are words that are columns' names
/// everywhere (`execute`, `purge`, `register`, `remove`); their schemas are in no search path.
pub(super) static ONE_ARGUMENT_AT_HOME: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&[
        "_await_response alter_job create_pipe fclose get_line openai_list_models raw_query \
         receive_message remove_pipe replicate_ddl_command run_maintenance send_message \
         unschedule waitany",
    ])
});

/// Those whose extension has a schema of its own. Their names are everybody's, so that another
/// schema's function is another function.
pub(super) const AT_HOME: [(&str, &str); 15] = [
    ("_timescaledb_functions", WORKERS),
    ("_timescaledb_internal", WORKERS),
    (
        "ai",
        "anthropic_generate cohere_chat_complete cohere_embed ollama_chat_complete \
         ollama_embed ollama_generate openai_chat_complete openai_embed openai_list_models",
    ),
    ("aws_lambda", "invoke"),
    ("azure_ml", "invoke"),
    ("azure_openai", "create_embeddings"),
    ("cron", "alter_job schedule unschedule"),
    ("dbms_alert", "register remove removeall signal waitany waitone"),
    (
        "dbms_pipe",
        "create_pipe next_item_type purge receive_message remove_pipe send_message \
         unpack_message_text",
    ),
    ("dbms_sql", "execute open_cursor parse"),
    ("duckdb", "raw_query"),
    ("net", "_await_response check_worker_is_up http_put wake worker_restart"),
    ("partman", "run_maintenance"),
    ("pglogical", "replicate_ddl_command"),
    ("utl_file", "fclose fcopy fopen fremove frename get_line put_line tmpdir"),
];

const WORKERS: &str = "restart_background_workers start_background_workers stop_background_workers";
