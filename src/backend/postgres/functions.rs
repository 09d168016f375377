//! Functions that do more than compute.
//!
//! PostgreSQL declares such functions volatile. This is what `pg_proc` of PostgreSQL 12 to 18 lists
//! as volatile, without those that only look (`clock_timestamp`, `random`, `pg_relation_size`, …),
//! and with the functions of well-known extensions that run SQL from a string, or reach files or
//! other servers.

/// Whether calling this function, in a read-only transaction that is rolled back, may still have an
/// effect, or run SQL that no gate has seen. `schema` is empty where the call names none.
pub(super) fn has_effects(schema: &str, name: &str) -> bool {
    SCHEMAS.contains(&schema)
        || EXACT.contains(&name)
        || (PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && !HARMLESS.contains(&name))
}

/// Schemas of extensions that send requests, schedule work or run SQL.
const SCHEMAS: &[&str] = &["net", "cron", "dblink", "http", "aws_s3", "aws_lambda", "partman"];

const PREFIXES: &[&str] = &[
    // Other servers.
    "dblink",
    "http_",
    "postgres_fdw_disconnect",
    // Files and large objects.
    "lo_",
    "lowrite",
    "loread",
    "pg_file_",
    "pg_ls_",
    "pg_read_",
    // Locks that outlive the transaction, or keep others waiting.
    "pg_advisory_",
    "pg_try_advisory_",
    // Write-ahead log, backups, replication.
    "pg_backup_",
    "pg_copy_",
    "pg_create_",
    "pg_drop_",
    "pg_logical_",
    "pg_replication_",
    "pg_start_backup",
    "pg_stop_",
    "pg_sync_",
    "pg_wal_replay_",
    // Other sessions and the server's state.
    "binary_upgrade_",
    "pg_clear_",
    "pg_log_",
    "pg_reload_",
    "pg_restore_",
    "pg_rotate_",
    "pg_set_",
    "pg_stat_reset",
    "pg_buffercache_evict",
    "pg_buffercache_mark_",
    "pg_background_",
    "brin_desummarize_",
    "brin_summarize_",
    "heap_force_",
    // SQL in a string.
    "query_to_",
    "cursor_to_",
    "crosstab",
];

const EXACT: &[&str] = &[
    "connectby",
    "gin_clean_pending_list",
    "http",
    "nextval",
    "pg_cancel_backend",
    "pg_export_snapshot",
    "pg_extension_config_dump",
    "pg_import_system_collations",
    "pg_nextoid",
    "pg_notify",
    "pg_prewarm",
    "pg_promote",
    "pg_stat_file",
    "pg_stat_force_next_flush",
    "pg_stat_statements_reset",
    "pg_switch_wal",
    "pg_switch_xlog",
    "pg_terminate_backend",
    "pg_truncate_visibility_map",
    "autoprewarm_dump_now",
    "autoprewarm_start_worker",
    "set_config",
    "setseed",
    "setval",
    "system",
    "ts_rewrite",
    "ts_stat",
    "xpath_table",
];

/// Begin like others that have effects, and only look.
const HARMLESS: &[&str] = &[
    "pg_replication_origin_oid",
    "pg_replication_origin_session_is_setup",
    "pg_replication_origin_session_progress",
    "pg_replication_origin_progress",
];
