//! What a read-only statement may call.

use studio_multidb::error::Code;

use crate::support::{client, reading, rows, run};

#[tokio::test]
async fn every_built_in_function_with_effects_is_refused() {
    let Some(client) = client(1).await else { return };
    // Volatile, and only looking: what a read-only statement may call.
    let looking = [
        "array_sample",
        "array_shuffle",
        "clock_timestamp",
        "pg_is_in_backup",
        "timezone",
        "currtid",
        "currtid2",
        "current_query",
        "currval",
        "gen_random_uuid",
        "lastval",
        "pg_blocking_pids",
        "pg_is_in_recovery",
        "pg_is_wal_replay_paused",
        "pg_jit_available",
        "pg_partition_ancestors",
        "pg_partition_tree",
        "pg_prepared_xact",
        "pg_safe_snapshot_blocking_pids",
        "pg_sequence_last_value",
        "pg_show_all_file_settings",
        "pg_show_replication_origin_status",
        "pg_stat_clear_snapshot",
        "pg_xact_status",
        "random",
        "random_normal",
        "timeofday",
        "txid_status",
        "uuidv4",
        "uuidv7",
    ];
    let looking_too = [
        "pg_collation_",
        "pg_control_",
        "pg_current_",
        "pg_database_",
        "pg_get_",
        "pg_hba_",
        "pg_ident_",
        "pg_indexes_size",
        "pg_isolation_test_",
        "pg_last_",
        "pg_lock_status",
        "pg_notification_queue",
        "pg_relation_size",
        "pg_sleep",
        "pg_stat_get_",
        "pg_stat_have_",
        "pg_table_size",
        "pg_tablespace_",
        "pg_total_",
        "pg_xact_commit_",
        "pg_available_wal",
        "pg_aios",
        "pg_get",
        "pg_timezone",
        "pg_wal_summar",
        "pg_numa",
        "pg_describe",
        "pg_replication_origin_progress",
        "pg_replication_origin_session_is",
        "pg_replication_origin_session_progress",
        "pg_replication_origin_oid",
    ];
    let volatile = reading(
        "select distinct proname as name from pg_catalog.pg_proc \
         where provolatile = 'v' and pronamespace = 'pg_catalog'::regnamespace \
         and prokind = 'f' and not prorettype in ('trigger'::regtype, 'event_trigger'::regtype) \
         and not 'internal'::regtype = any (proargtypes) and prorettype::regtype::text !~ 'handler' \
         and proname !~ '^(plpgsql_|dsnowball_|amvalidate|pg_nextoid)' order by 1",
    );
    let mut passed = Vec::new();
    for row in rows(&client, &volatile).await.as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        let call = reading(&format!("select pg_catalog.\"{name}\"(\"no such column\")"));
        let error = run(&client, &call).await.unwrap_err();
        let known = looking.contains(&name) || looking_too.iter().any(|p| name.starts_with(p));
        if error.code() != Code::OperationNotAllowed && !known {
            passed.push(name.to_owned());
        }
    }
    assert!(passed.is_empty(), "neither refused nor known to be harmless: {passed:?}");
}
