//! Sessions of the pool: ended, reset, replaced and waited for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use studio_multidb::backend::postgres::Statement;
use studio_multidb::deadline::Deadline;
use studio_multidb::error::Code;
use studio_multidb::json::Writer;
use studio_multidb::outcome::Outcome;

use crate::databases::own_database;
use crate::fixtures::{eventually, soon};
use crate::support::{client, prepare, reading, rows, run, statement};

#[tokio::test]
async fn a_slow_statement_is_ended_on_the_server() {
    let Some(client) = client(3).await else { return };
    let slow = Statement {
        timeout: Duration::from_millis(200),
        ..reading("select pg_sleep(20) as slow_by_timeout")
    };
    let started = Instant::now();
    let error = run(&client, &slow).await.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbTimeout, Outcome::NotApplied));
    assert!(started.elapsed() < Duration::from_secs(10));

    // The caller's deadline comes first: the server is told to cancel.
    let late = statement("select pg_sleep(20) as slow_by_deadline");
    let deadline = Deadline::after(Duration::from_millis(500));
    let error = client.query(&late, deadline, &mut Writer::new()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTimeout);
    // A machine under load may not hear of the end in time.
    assert_ne!(error.known_outcome(), Outcome::Applied);

    // The caller loses interest.
    let gone = reading("select pg_sleep(20) as slow_and_dropped");
    let mut out = Writer::new();
    let dropped =
        tokio::time::timeout(Duration::from_millis(300), client.query(&gone, soon(), &mut out));
    assert!(dropped.await.is_err());
    let running = reading(
        "select query from pg_stat_activity where state = 'active' and query like '%slow\\__y\\_%' \
         or state = 'active' and query like '%slow\\_and\\_%'",
    );
    eventually("no slow statement runs any more", async || {
        let found = rows(&client, &running).await;
        found.as_array().unwrap().iter().all(|r| r["query"].as_str().unwrap().contains("activity"))
    })
    .await;
    eventually("nothing is in use", async || client.gauge().in_use == 0).await;
}

#[tokio::test]
async fn a_thousand_dropped_requests_leak_nothing() {
    let Some(client) = client(4).await else { return };
    let client = Arc::new(client);
    let mut tasks = Vec::new();
    for n in 0..1000_u64 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let statement = reading("select pg_sleep(0.005)");
            let patience = Duration::from_micros(n * 37 % 9000);
            let mut out = Writer::new();
            let _ =
                tokio::time::timeout(patience, client.query(&statement, soon(), &mut out)).await;
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    eventually("nothing is in use", async || client.gauge().in_use == 0).await;
    let gauge = client.gauge();
    assert!(gauge.open <= 4 && gauge.waiting == 0, "{gauge:?}");
    assert_eq!(rows(&client, &reading("select 1 as a")).await, json!([{"a": 1}]));
}

#[tokio::test]
async fn a_session_is_reset_after_a_write() {
    let Some(client) = client(1).await else { return };
    for change in ["set search_path = nowhere", "create temp table leftover (a int)"] {
        run(&client, &statement(change)).await.unwrap();
    }
    let look = reading(
        "select current_setting('search_path') as path, to_regclass('leftover') as leftover",
    );
    assert_eq!(
        rows(&client, &look).await,
        json!([{"path": "\"$user\", public", "leftover": null}])
    );
}

/// `DISCARD ALL` ends neither.
#[tokio::test]
async fn slots_and_backups_of_a_session_end_with_the_request() {
    let Some(database) = own_database("sessions_ended").await else { return };
    let (client, other) = (database.client(1).await, database.client(1).await);
    let version =
        rows(&other, &reading("select current_setting('server_version_num')::int as n")).await;
    let backup = match version[0]["n"].as_i64() {
        Some(150_000..) => "pg_backup_start('x', true)",
        _ => "pg_start_backup('x', true, false)",
    };
    let (stop, quoted) = match version[0]["n"].as_i64() {
        Some(150_000..) => ("select pg_backup_stop()", backup.replace('\'', "''")),
        _ => ("select pg_stop_backup(false, false)", backup.replace('\'', "''")),
    };
    let slot = |name: &str| format!("pg_create_physical_replication_slot('{name}', true, true)");
    prepare(
        &other,
        &[
            &format!(
                "create function take_slot() returns void language sql as $$ select {} $$",
                slot("s3")
            ),
            &format!(
                "create function take_backup() returns void language sql as $$ select {backup} $$"
            ),
        ],
    )
    .await;
    let slots = reading("select slot_name from pg_replication_slots where temporary");
    for sql in [
        format!("select {}", slot("s1")),
        format!("do $$ begin perform {}; end $$", slot("s2")),
        "select take_slot()".to_owned(),
        format!("select {backup}"),
        format!("do $$ begin perform {backup}; end $$"),
        format!("do 'begin perform {quoted}'\n'; end'"),
        "select take_backup()".to_owned(),
    ] {
        run(&client, &statement(&sql)).await.unwrap();
        let stopped = run(&client, &statement(stop)).await;
        assert!(stopped.is_err_and(|error| error.message().contains("not in progress")), "{sql}");
        eventually("the slot is gone", async || rows(&other, &slots).await == json!([])).await;
    }
    drop((client, other));
    database.remove().await;
}

#[tokio::test]
async fn the_server_shows_which_request_it_works_for() {
    let Some(client) = client(1).await else { return };
    let sql = "select application_name as name from pg_stat_activity where pid = pg_backend_pid()";
    for id in ["a-1", "it's \\ 2"] {
        let with = Statement { request_id: Some(id.into()), ..reading(sql) };
        let expected = json!([{ "name": format!("studio-multidb {id}") }]);
        assert_eq!(rows(&client, &with).await, expected);
    }
}

#[tokio::test]
async fn a_kept_statement_survives_a_changed_table() {
    let Some(client) = client(2).await else { return };
    run(&client, &statement("drop table if exists replanned")).await.unwrap();
    run(&client, &statement("create table replanned as select 1 as a")).await.unwrap();
    let select = reading("select * from replanned");
    for _ in 0..3 {
        assert_eq!(rows(&client, &select).await, json!([{"a": 1}]));
    }
    run(&client, &statement("alter table replanned add column b text default 'x'")).await.unwrap();
    for _ in 0..3 {
        assert_eq!(rows(&client, &select).await, json!([{"a": 1, "b": "x"}]));
    }
    run(&client, &statement("drop table replanned")).await.unwrap();
}

#[tokio::test]
async fn a_session_that_the_server_ended_is_replaced() {
    let Some(client) = client(2).await else { return };
    let pid = rows(&client, &reading("select pg_backend_pid() as pid")).await[0]["pid"].clone();
    let other = self::client(1).await.unwrap();
    let end = statement(&format!("select pg_terminate_backend({pid}) as done"));
    assert_eq!(rows(&other, &end).await, json!([{"done": true}]));
    let alive = reading(&format!("select pid from pg_stat_activity where pid = {pid}"));
    eventually("it is gone", async || rows(&other, &alive).await == json!([])).await;
    let next = rows(&client, &statement("select pg_backend_pid() as pid")).await;
    assert_ne!(next[0]["pid"], pid);

    // While a write runs, nobody can know.
    let busy = statement("select pg_backend_pid(), pg_sleep(20)");
    let mut out = Writer::new();
    let work = client.query(&busy, soon(), &mut out);
    let end = statement(
        "select count(pg_terminate_backend(pid))::int as n from pg_stat_activity \
         where query like '%pg_backend_pid(), pg_sleep%' and pid <> pg_backend_pid() \
         and state = 'active'",
    );
    let ended =
        eventually("the session is ended", async || rows(&other, &end).await[0]["n"] != json!(0));
    let (result, ()) = tokio::join!(work, ended);
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbConnectionFailed, Outcome::Unknown));
}

#[tokio::test]
async fn waiting_for_a_session_ends_with_the_deadline() {
    let Some(client) = client(1).await else { return };
    let slow = reading("select pg_sleep(2)");
    let mut out = Writer::new();
    let busy = client.query(&slow, soon(), &mut out);
    let waiting = async {
        eventually("the session is taken", async || client.gauge().in_use == 1).await;
        let deadline = Deadline::after(Duration::from_millis(200));
        client.query(&reading("select 1"), deadline, &mut Writer::new()).await
    };
    let (first, second) = tokio::join!(busy, waiting);
    first.unwrap();
    assert_eq!(second.unwrap_err().code(), Code::PoolExhausted);
}

#[tokio::test]
async fn a_closed_client_holds_nothing() {
    let Some(client) = client(2).await else { return };
    let client = Arc::new(client);
    let running = tokio::spawn({
        let client = client.clone();
        async move {
            let mut out = Writer::new();
            client.query(&reading("select pg_sleep(20)"), soon(), &mut out).await.map(|_| ())
        }
    });
    eventually("it runs", async || client.gauge().in_use == 1).await;
    client.close().await;
    assert_eq!(running.await.unwrap().unwrap_err().code(), Code::DbConnectionFailed);
    eventually("nothing is open", async || client.gauge().open == 0).await;
    assert!(run(&client, &reading("select 1")).await.is_err());
}
