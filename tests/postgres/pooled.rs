//! Behind pgbouncer in transaction mode: one session of the server's, which strangers use too.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use studio_multidb::backend::postgres::{Client, Parameter, Statement};
use studio_multidb::deadline::Deadline;
use studio_multidb::error::Code;
use studio_multidb::json::Writer;
use studio_multidb::outcome::Outcome;

use crate::fixtures::{eventually, given, soon};
use crate::support::{
    both, client, options, parameters, pooled, pooled_alone, prepare, reading, rows, run,
    statement, target_of,
};

/// A client of ours, and one of another make that uses the same session.
async fn with_stranger(database: &str) -> Option<(Client, tokio_postgres::Client)> {
    let target = pooled_alone(database).await?;
    let ours = Client::connect(&target, &options(2), soon()).await.unwrap();
    let mut config = tokio_postgres::Config::new();
    config.host(&target.endpoint.host).port(target.endpoint.port);
    config.user(&target.username).dbname(database);
    let (stranger, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    Some((ours, stranger))
}

/// The first value of a simple query.
async fn ask(stranger: &tokio_postgres::Client, sql: &str) -> String {
    let answer = stranger.simple_query(sql).await.unwrap();
    let row = answer.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.unwrap_or_default().to_owned()
}

/// The session as a stranger finds it.
async fn session(stranger: &tokio_postgres::Client) -> Vec<String> {
    let mut found = Vec::new();
    for sql in [
        "show statement_timeout",
        "show work_mem",
        "show search_path",
        "show application_name",
        "select count(*) from pg_prepared_statements",
        "select string_agg(name, ',' order by name) from pg_prepared_statements",
        "select count(*) from pg_cursors",
        // Those of other tests are theirs.
        "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
        "select count(*) from pg_listening_channels()",
        "select count(*) from pg_replication_slots where temporary and active_pid = pg_backend_pid()",
        "select current_setting('local.x', true)",
        "select current_setting('transaction.x', true)",
        "select current_setting('constraints.x', true)",
        "select pg_backend_pid()",
    ] {
        found.push(format!("{sql}: {}", ask(stranger, sql).await));
    }
    found
}

/// Every way in which we run a statement, with a time limit and a name of its own.
fn statements() -> Vec<Statement> {
    let all = [
        reading("select 1 as a"),
        reading("select nope"),
        reading("select 1 / 0"),
        statement("create table if not exists pooled_log (a int)"),
        statement("insert into pooled_log values (1)"),
        statement("insert into pooled_log values ('x')"),
        statement("insert into pooled_log select 1 / 0"),
        statement("do $$ begin raise exception 'no'; end $$"),
        statement("do $$ begin perform 1; end $$"),
        statement("vacuum pooled_log"),
        Statement { parameters: parameters(&json!([[1, 2]])), ..reading("select $1::int[] as a") },
        Statement {
            parameters: parameters(&json!([[1, 2]])),
            ..statement("insert into pooled_log select unnest($1::int[])")
        },
        Statement { parameters: vec![Parameter::Text("no".into())], ..reading("select $1::int") },
        statement("drop table pooled_log"),
    ];
    let named = |(n, one): (usize, Statement)| Statement {
        timeout: Duration::from_millis(5000 + n as u64),
        request_id: Some(format!("r-{n}").into()),
        ..one
    };
    all.into_iter().enumerate().map(named).collect()
}

#[tokio::test]
async fn nothing_of_ours_stays_on_a_strangers_session_and_nothing_of_theirs_goes() {
    let Some((client, stranger)) = with_stranger("pooled_strangers").await else { return };
    run(&client, &reading("select 1")).await.unwrap();
    ask(&stranger, "set work_mem = '7MB'").await;
    ask(&stranger, "prepare theirs as select 1").await;
    ask(&stranger, "select pg_advisory_lock(77)").await;
    let before = session(&stranger).await;
    for _ in 0..3 {
        for one in statements() {
            let answered = run(&client, &one).await.map(drop);
            assert_eq!(session(&stranger).await, before, "after {} ({answered:?})", one.sql);
        }
    }
    ask(&stranger, "deallocate theirs").await;
    ask(&stranger, "select pg_advisory_unlock(77)").await;
    ask(&stranger, "reset work_mem").await;
}

#[tokio::test]
async fn repeated_statements_of_many_clients_share_a_session_without_a_failure() {
    let Some(first) = pooled(2).await else { return };
    prepare(&first, &["drop table if exists shared", "create table shared (a int)"]).await;
    let mut clients = vec![Arc::new(first)];
    for _ in 0..2 {
        clients.push(Arc::new(pooled(2).await.unwrap()));
    }
    let work = clients.iter().enumerate().map(|(n, client)| {
        let client = Arc::clone(client);
        tokio::spawn(async move {
            for round in 0..40_i64 {
                let read = Statement {
                    parameters: parameters(&json!([[n, round]])),
                    ..reading("select $1::int[] as a")
                };
                assert_eq!(rows(&client, &read).await, json!([{ "a": [n, round] }]));
                assert_eq!(rows(&client, &reading("select 2 as b")).await, json!([{ "b": 2 }]));
                run(&client, &statement("insert into shared values (1)")).await.unwrap();
            }
        })
    });
    for done in work.collect::<Vec<_>>() {
        done.await.unwrap();
    }
    let count = reading("select count(*)::int as n from shared");
    assert_eq!(rows(&clients[0], &count).await, json!([{ "n": 120 }]));
    prepare(&clients[0], &["drop table shared"]).await;
}

#[tokio::test]
async fn what_wants_no_transaction_around_it_runs_either_way() {
    for (way, client) in both(1).await {
        let name = format!("alone_{way}");
        let _ = run(&client, &statement(&format!("drop database if exists {name}"))).await;
        prepare(
            &client,
            &[
                &format!("drop table if exists {name}"),
                &format!("create table {name} as select n as a from generate_series(1, 100) n"),
                &format!("vacuum {name}"),
                &format!("VACUUM (ANALYZE) {name}"),
                &format!("create index concurrently {name}_i on {name} (a)"),
                &format!("reindex index concurrently {name}_i"),
                &format!("drop index concurrently {name}_i"),
                &format!("create database {name}"),
                &format!("drop database {name}"),
                "alter system set log_min_duration_statement = '1h'",
                "alter system reset log_min_duration_statement",
                &format!("do $$ begin insert into {name} values (-1); commit; end $$"),
                &format!(
                    "create or replace procedure {name}_p() language plpgsql as
                     $$ begin insert into {name} values (-2); commit; insert into {name} values (-3); end $$"
                ),
                &format!("call {name}_p()"),
            ],
        )
        .await;
        let count = reading(&format!("select count(*)::int as n from {name} where a < 0"));
        assert_eq!(rows(&client, &count).await, json!([{ "n": 3 }]), "{way}");
        prepare(&client, &[&format!("drop procedure {name}_p()"), &format!("drop table {name}")])
            .await;
    }
}

#[tokio::test]
async fn a_time_limit_holds_and_the_statement_ends_on_the_server() {
    let Some((client, stranger)) = with_stranger("pooled_limits").await else { return };
    for slow in [
        reading("select pg_sleep(60) as pooled_sleep"),
        statement("select pg_sleep(60) as pooled_sleep"),
        statement("do $$ begin perform pg_sleep(60) as pooled_sleep; end $$"),
    ] {
        let slow = Statement { timeout: Duration::from_millis(200), ..slow };
        let error = run(&client, &slow).await.unwrap_err();
        assert_eq!(error.code(), Code::DbTimeout, "{}", slow.sql);
        // The pooler's only session is free again.
        assert_eq!(ask(&stranger, "select 1").await, "1");
    }
    let late = statement("select pg_sleep(60) as pooled_sleep");
    let deadline = Deadline::after(Duration::from_millis(400));
    let error = client.query(&late, deadline, &mut Writer::new()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTimeout);
    let gone = tokio::time::timeout(Duration::from_millis(200), run(&client, &late)).await;
    assert!(gone.is_err());
    assert_eq!(ask(&stranger, "select 1").await, "1");
}

#[tokio::test]
async fn a_strangers_settings_do_not_become_ours() {
    let Some((client, stranger)) = with_stranger("pooled_settings").await else { return };
    ask(&stranger, "set statement_timeout = 50").await;
    let slow = "select pg_sleep(0.3) is null as a";
    for one in [reading(slow), statement(slow)] {
        assert_eq!(rows(&client, &one).await, json!([{ "a": false }]));
    }
    ask(&stranger, "reset statement_timeout").await;
}

#[tokio::test]
async fn a_write_is_committed_or_told_as_not_applied() {
    let Some(client) = pooled(1).await else { return };
    prepare(
        &client,
        &[
            "drop table if exists pooled_rows",
            "create table pooled_rows (a int unique deferrable initially deferred)",
            "insert into pooled_rows values (1)",
        ],
    )
    .await;
    for sql in [
        "insert into pooled_rows values (2), ('x')",
        // Found at the commit.
        "insert into pooled_rows values (3), (1)",
    ] {
        let error = run(&client, &statement(sql)).await.unwrap_err();
        assert_eq!(
            (error.code(), error.known_outcome()),
            (Code::DbQueryError, Outcome::NotApplied)
        );
    }
    run(&client, &statement("insert into pooled_rows values (4)")).await.unwrap();
    let found = rows(&client, &reading("select a from pooled_rows order by a")).await;
    assert_eq!(found, json!([{ "a": 1 }, { "a": 4 }]));
    prepare(&client, &["drop table pooled_rows"]).await;
}

#[tokio::test]
async fn what_would_stay_on_the_shared_session_is_refused_and_said_why() {
    let Some(client) = pooled(1).await else { return };
    for sql in [
        "set statement_timeout = 1",
        "reset all",
        "discard all",
        "listen a",
        "prepare p as select 1",
        "create temp table t (a int)",
        "select pg_advisory_lock(1)",
        "select set_config('work_mem', '1MB', false)",
    ] {
        let error = run(&client, &statement(sql)).await.unwrap_err();
        assert_eq!(error.code(), Code::OperationNotAllowed, "{sql}");
        assert!(error.message().contains("pooler"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn however_it_is_said_nothing_stays_on_a_strangers_session() {
    let Some((client, stranger)) = with_stranger("pooled_leftovers").await else { return };
    run(&client, &reading("select 1")).await.unwrap();
    let temporary = "select count(*) from pg_class where relnamespace = pg_my_temp_schema()";
    ask(&stranger, "select pg_advisory_lock(77)").await;
    let before = session(&stranger).await;
    for sql in [
        "create table pg_temp.t1 (a int)",
        "create unlogged table pg_temp.t2 (a int)",
        "with a as (select 1) select 1 as a into pg_temp.t3",
        "select 1 as a into local temp t4",
        "select 1 as a into global temporary t5",
        "explain analyze create temp table t6 as select 1",
        "create or replace temp view v1 as select 1 as a",
        "create or replace temporary view v2 as select 1 as a",
        "create or replace local temp view v3 as select 1 as a",
        "create function pg_temp.f() returns int language sql as 'select 1'",
        "select (42::bigint).pg_advisory_lock",
        "select U&\"pg_advisory_l\\006fck\"(43)",
        "select pg_advisory_unlock_all()",
        "select pg_catalog.set_config('search_path', 'evil', false), 'x' is true",
        "update pg_settings set setting = '2048' where name = 'work_mem'",
        "do $$ begin perform pg_advisory_lock(44); set work_mem = '79MB'; execute 'listen x'; end $$",
        "do 'begin execute ''listen x''; end'",
        "do $$ begin create temp table t7 (a int); end $$",
        "do E'begin s\\145t search_path = evil; end'",
        "do 'begin s'\n'et search_path = evil; end'",
        "do U&'begin s\\0065t search_path = evil; end'",
        "do $$ begin execute 'se'\n't search_path = evil'; end $$",
        "do $$ begin execute e'\\x73et search_path = evil'; end $$",
        "do $$ begin execute quote_ident('set') || ' search_path = evil'; end $$",
        "do $$ begin set local.x = 'v'; end $$",
        "set local.x = 'v'",
        "set transaction.x = 'v'",
        "set constraints.x = 'v'",
        "select pg_create_physical_replication_slot('t1', true, true)",
        "select * from pg_create_physical_replication_slot(slot_name => 't2', temporary => true)",
        "select query_to_xml('select set_config(''search_path'', ''evil'', false)', true, false, '')",
        "select count(*) from ts_stat('select to_tsvector(set_config(''work_mem'', ''5MB'', false))')",
        "select query_to_xml('select pg_advisory_' || 'lock(45)', true, false, '')",
    ] {
        let error = run(&client, &statement(sql)).await.unwrap_err();
        assert_eq!(error.code(), Code::OperationNotAllowed, "{sql}: {error}");
        assert_eq!(session(&stranger).await, before, "after {sql}");
        assert_eq!(ask(&stranger, temporary).await, "0", "after {sql}");
    }
    ask(&stranger, "select pg_advisory_unlock(77)").await;
}

#[tokio::test]
async fn a_pooler_in_session_mode_is_served_as_well() {
    let Some(url) = given("TEST_PGBOUNCER_SESSION_URL") else { return };
    let client = Client::connect(&target_of(&url), &options(2), soon()).await.unwrap();
    for _ in 0..3 {
        for one in statements() {
            let _ = run(&client, &one).await;
        }
        assert_eq!(rows(&client, &reading("select 1 as a")).await, json!([{ "a": 1 }]));
    }
    eventually("nothing is in use", async || client.gauge().in_use == 0).await;
}

/// It costs nothing to be without a pooler: names are given, and settings stay where they are.
#[tokio::test]
async fn a_direct_session_keeps_its_statements() {
    let Some(client) = client(1).await else { return };
    let kept = "select statement from pg_prepared_statements where statement like '%kept here%'";
    for _ in 0..3 {
        run(&client, &reading("select 1 as a /* kept here */")).await.unwrap();
    }
    let found = rows(&client, &reading(kept)).await;
    assert_eq!(found, json!([{ "statement": "select 1 as a /* kept here */" }]));
}
