//! What a read-only statement may call, held against what the server has.

use studio_multidb::backend::postgres::Client;
use studio_multidb::error::Code;

use crate::databases::own_database;
use crate::support::{client, reading, rows, run, statement};

/// Volatile, and only looking: what a read-only statement may call. `pg_sleep` takes time, which the
/// timeout ends.
const LOOKING: &str = "amvalidate array_sample array_shuffle clock_timestamp current_query currtid \
    currtid2 currval gen_random_uuid lastval lo_get pg_available_wal_summaries pg_blocking_pids \
    pg_collation_actual_version pg_control_checkpoint pg_control_init pg_control_recovery \
    pg_control_system pg_current_logfile pg_current_wal_flush_lsn pg_current_wal_insert_lsn \
    pg_current_wal_lsn pg_database_collation_actual_version pg_database_size pg_get_aios \
    pg_get_backend_memory_contexts pg_get_loaded_modules pg_get_multixact_members \
    pg_get_sequence_data pg_get_shmem_allocations pg_get_shmem_allocations_numa \
    pg_get_wait_events pg_get_wal_replay_pause_state pg_get_wal_resource_managers \
    pg_get_wal_summarizer_state pg_hba_file_rules pg_ident_file_mappings pg_indexes_size \
    pg_is_in_backup pg_is_in_recovery pg_is_wal_replay_paused \
    pg_isolation_test_session_is_blocked pg_jit_available pg_last_committed_xact \
    pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_lock_status \
    pg_notification_queue_usage pg_partition_ancestors pg_partition_tree pg_prepared_xact \
    pg_relation_size pg_replication_origin_progress pg_replication_origin_session_is_setup \
    pg_replication_origin_session_progress pg_safe_snapshot_blocking_pids pg_sequence_last_value \
    pg_show_all_file_settings pg_show_replication_origin_status pg_sleep pg_sleep_for \
    pg_sleep_until pg_stat_clear_snapshot pg_stat_get_backend_io pg_stat_get_backend_wal \
    pg_stat_get_io pg_stat_get_recovery_prefetch pg_stat_get_xact_blocks_fetched \
    pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls \
    pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time \
    pg_stat_get_xact_numscans pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched \
    pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted \
    pg_stat_get_xact_tuples_newpage_updated pg_stat_get_xact_tuples_returned \
    pg_stat_get_xact_tuples_updated pg_stat_have_stats pg_table_size pg_tablespace_size \
    pg_total_relation_size pg_wal_summary_contents pg_xact_commit_timestamp \
    pg_xact_commit_timestamp_origin pg_xact_status plpgsql_call_handler plpgsql_validator random \
    random_normal timeofday timezone txid_status uuidv4 uuidv7";

/// The same of PostgreSQL's own extensions; `…` stands for whatever follows.
const LOOKING_IN_EXTENSIONS: &str = "brin_… bt_index_check bt_metap bt_multi_page_stats bt_page_… \
    dblink_build_sql_… dblink_current_query dblink_fdw_validator dblink_get_connections \
    dblink_get_pkey file_fdw_… fips_mode fsm_page_contents gen_random_… gen_salt get_raw_page gin_index_check \
    gin_leafpage_items gin_metapage_info gin_page_opaque_info gist_page_… hash_… heap_page_… \
    heap_tuple_infomask_flags normal_rand page_checksum page_header pg_buffercache_numa_pages \
    pg_buffercache_pages pg_buffercache_summary pg_buffercache_usage_counts pg_check_… \
    pg_freespace pg_get_logical_snapshot_… pg_get_wal_… pg_old_snapshot_time_mapping pg_relpages \
    pg_stat_statements pg_stat_statements_info pg_visibility… pgp_… pgrowlocks pgstat… plperl… \
    plpython3… pltcl… postgres_fdw_get_connections postgres_fdw_handler postgres_fdw_validator \
    ssl_… tuple_data_split uuid_generate_… verify_heapam xslt_process bool_plperl… jsonb_pl… \
    hstore_pl… ltree_pl… lo_oid";

/// Functions that a statement can call; `one` says whether a single argument is enough.
const CALLABLE: &str = "select proname as name, bool_or(pronargs > 0 and \
    (pronargs - pronargdefaults <= 1 or pronargs = 1)) as one from pg_catalog.pg_proc \
    where not 'internal'::regtype = any (proargtypes) \
    and not prorettype in ('trigger'::regtype, 'event_trigger'::regtype)";

async fn callable(client: &Client, condition: &str) -> Vec<(String, bool)> {
    let sql = format!("{CALLABLE} and {condition} group by 1 order by 1");
    let found = rows(client, &reading(&sql)).await;
    let row = |row: &serde_json::Value| {
        (row["name"].as_str().unwrap().to_owned(), row["one"].as_bool().unwrap())
    };
    found.as_array().unwrap().iter().map(row).collect()
}

async fn refused(client: &Client, sql: &str) -> bool {
    run(client, &reading(sql)).await.is_err_and(|e| e.code() == Code::OperationNotAllowed)
}

fn is_among(list: &str, name: &str) -> bool {
    list.split_whitespace().any(|entry| match entry.strip_suffix('…') {
        Some(beginning) => name.starts_with(beginning),
        None => entry == name,
    })
}

#[tokio::test]
async fn every_volatile_function_is_either_refused_or_known_to_only_look() {
    let Some(client) = client(1).await else { return };
    let volatile = "provolatile = 'v' and pronamespace = 'pg_catalog'::regnamespace";
    let mut wrong = Vec::new();
    for (name, one) in callable(&client, volatile).await {
        let known = is_among(LOOKING, &name);
        for call in ["pg_catalog.\"NAME\"(\"none such\")", "NAME (\"none such\")"] {
            if refused(&client, &format!("select {}", call.replace("NAME", &name))).await == known {
                wrong.push(call.replace("NAME", &name));
            }
        }
        // `value.name` reaches it only where one argument is enough.
        let attribute = format!("select (\"none such\").{name}");
        if refused(&client, &attribute).await != (one && !known) {
            wrong.push(attribute);
        }
    }
    assert!(wrong.is_empty(), "refused and harmless, or neither: {wrong:#?}");
}

#[tokio::test]
async fn every_volatile_function_of_an_extension_is_refused_or_known_to_only_look() {
    let Some(database) = own_database("gate_extensions").await else { return };
    let client = database.client(1).await;
    database.create_extensions(&client).await;
    let volatile = "provolatile = 'v' and pronamespace <> 'pg_catalog'::regnamespace";
    let mut wrong = Vec::new();
    for (name, one) in callable(&client, volatile).await {
        let known = is_among(LOOKING_IN_EXTENSIONS, &name);
        if refused(&client, &format!("select \"{name}\"(\"none such\")")).await == known {
            wrong.push(name.clone());
        }
        if one && refused(&client, &format!("select (\"none such\").\"{name}\"")).await == known {
            wrong.push(format!("().{name}"));
        }
    }
    assert!(wrong.is_empty(), "refused and harmless, or neither: {wrong:#?}");
    // These run SQL from a string, but are not volatile.
    for name in ["crosstab", "crosstab2", "crosstab3", "crosstab4", "connectby", "xpath_table"] {
        assert!(refused(&client, &format!("select * from {name}('select 1')")).await, "{name}");
    }
    assert_eq!(refused_without_a_name(&client).await, [""; 0]);
    drop(client);
    database.remove().await;
}

/// What operators, casts, aggregates and types call, refused or not.
async fn refused_without_a_name(client: &Client) -> Vec<String> {
    let behind = "oid in (select oprcode from pg_operator union select castfunc from pg_cast \
        union select aggfnoid from pg_aggregate union select aggtransfn from pg_aggregate \
        union select aggfinalfn from pg_aggregate union select typinput from pg_type \
        union select typoutput from pg_type union select typmodin from pg_type)";
    let all = callable(client, behind).await;
    assert!(all.len() > 500);
    let mut found = Vec::new();
    for (name, _) in all {
        if refused(client, &format!("select \"{name}\"(\"none such\")")).await {
            found.push(name);
        }
    }
    found
}

#[tokio::test]
async fn nothing_that_is_reached_without_its_name_is_refused_by_it() {
    let Some(client) = client(1).await else { return };
    assert_eq!(refused_without_a_name(&client).await, [""; 0]);
}

#[tokio::test]
async fn no_view_of_the_catalog_hides_a_refused_function() {
    let Some(client) = client(1).await else { return };
    let views = reading(
        "select viewname as name, definition from pg_catalog.pg_views \
         where schemaname in ('pg_catalog', 'information_schema')",
    );
    let views = rows(&client, &views).await;
    assert!(views.as_array().unwrap().len() > 80);
    for view in views.as_array().unwrap() {
        let definition = view["definition"].as_str().unwrap();
        if let Err(error) = run(&client, &reading(&format!("explain {definition}"))).await {
            panic!("{}: {error}", view["name"]);
        }
    }
}

/// An extension that nobody here knows: what it marks as volatile may do anything.
#[tokio::test]
async fn a_volatile_function_of_an_unknown_extension_is_refused_and_no_namesake() {
    let Some(database) = own_database("unknown_extension").await else { return };
    let client = database.client(1).await;
    for sql in [
        "create extension hstore",
        "create schema app",
        "create function runs(text) returns text language sql volatile as 'select $1'",
        "create function computes(text) returns text language sql immutable as 'select $1'",
        "create function app.mine(text) returns text language sql volatile as 'select $1'",
        "alter extension hstore add function runs(text)",
        "alter extension hstore add function computes(text)",
    ] {
        run(&client, &statement(sql)).await.unwrap();
    }
    for sql in ["select runs('x')", "select ('x'::text).runs", "select \"runs\"('x') from pg_class"]
    {
        assert!(refused(&client, sql).await, "{sql}");
    }
    for sql in ["select computes('x')", "select app.mine('x')", "select 'a=>1'::hstore -> 'a'"] {
        run(&client, &reading(sql)).await.unwrap();
    }
    drop(client);
    database.remove().await;
}

/// `TREAT(x AS f)` calls `pg_catalog.f(x)`: what is refused in one form is refused in the other.
#[tokio::test]
async fn a_type_of_treat_is_judged_as_the_function_that_it_calls() {
    let Some(client) = client(1).await else { return };
    let mut tried = 0;
    for (name, one) in callable(&client, "pronamespace = 'pg_catalog'::regnamespace").await {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let called = refused(&client, &format!("explain select {quoted}(null)")).await;
        for sql in [
            format!("explain select treat(null as {quoted})"),
            format!("explain select treat((null) as setof {quoted}(5))"),
        ] {
            assert_eq!(refused(&client, &sql).await, called, "{sql}");
        }
        tried += usize::from(one && called);
    }
    assert!(tried > 10, "{tried} of them could have been called");
}
