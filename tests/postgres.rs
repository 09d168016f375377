//! The PostgreSQL backend against real servers; a test whose server is not given is skipped, and says
//! so.
//!
//! - `TEST_POSTGRES_URL`: `postgres://user:pw@host/db`, without TLS
//! - `TEST_POSTGRES_TLS_URL`, `TEST_POSTGRES_TLS_CA`: one that asks for TLS, and the PEM file of its
//!   authority
//! - `TEST_PG_META_URL`: pg-meta in front of the first

#![allow(clippy::print_stderr)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use studio_multidb::backend::ConnectOptions;
use studio_multidb::backend::postgres::{Answer, Client, Parameter, Shape, Statement, TableFilter};
use studio_multidb::backend::probe::Probe;
use studio_multidb::deadline::Deadline;
use studio_multidb::error::{Code, Error};
use studio_multidb::json::Writer;
use studio_multidb::outcome::Outcome;
use studio_multidb::target::egress::Egress;
use studio_multidb::target::{ChannelBinding, Endpoint, PostgresTarget, Tls};

/// The value of an environment variable, or a note that the test is skipped.
fn given(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        eprintln!("skipped: {name} is not set");
    }
    value
}

fn target() -> Option<PostgresTarget> {
    given("TEST_POSTGRES_URL").map(|url| target_of(&url))
}

fn target_of(url: &str) -> PostgresTarget {
    let url = url::Url::parse(url).expect("a URL");
    PostgresTarget {
        endpoint: Endpoint {
            host: url.host_str().unwrap_or("localhost").to_owned(),
            port: url.port().unwrap_or(5432),
        },
        username: url.username().to_owned(),
        password: url.password().map(Into::into),
        database: url.path().trim_start_matches('/').to_owned(),
        tls: None,
        statement_timeout_ms: None,
        channel_binding: ChannelBinding::Prefer,
        pool_size: None,
        connect_timeout_ms: None,
        notes: serde_json::Map::new(),
    }
}

fn options(max_connections: u32) -> ConnectOptions {
    ConnectOptions {
        egress: Arc::new(Egress::default()),
        max_connections,
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(60),
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

async fn client(max_connections: u32) -> Option<Client> {
    let client = Client::connect(&target()?, &options(max_connections), soon()).await;
    Some(client.expect("the server can be connected to"))
}

fn statement(sql: &str) -> Statement {
    Statement {
        sql: sql.to_owned(),
        parameters: Vec::new(),
        read_only: false,
        timeout: Duration::from_secs(10),
        max_rows: 1000,
        shape: Shape::Objects,
        request_id: None,
    }
}

fn reading(sql: &str) -> Statement {
    Statement { read_only: true, ..statement(sql) }
}

fn parameters(json: &Value) -> Vec<Parameter> {
    let items: Vec<Box<serde_json::value::RawValue>> =
        serde_json::from_str(&json.to_string()).unwrap();
    items.into_iter().map(|i| Parameter::from_json(i).unwrap()).collect()
}

async fn run(client: &Client, statement: &Statement) -> Result<(Value, Answer), Error> {
    let mut out = Writer::new();
    let answer = client.query(statement, soon(), &mut out).await?;
    Ok((serde_json::from_slice(&out.into_bytes()).expect("rows are JSON"), answer))
}

async fn rows(client: &Client, statement: &Statement) -> Value {
    run(client, statement).await.unwrap().0
}

/// Waits until `check` holds.
async fn eventually(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let deadline = soon();
    while !check().await {
        assert!(!deadline.passed(), "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn answers_rows_in_either_shape() {
    let Some(client) = client(2).await else { return };
    let sql = "select 1 as a, 'x'::text as b, null::int as c union all select 2, 'y', 3";
    let (objects, answer) = run(&client, &reading(sql)).await.unwrap();
    assert_eq!(objects, json!([{"a": 1, "b": "x", "c": null}, {"a": 2, "b": "y", "c": 3}]));
    assert_eq!(answer.row_count, 2);
    assert_eq!(answer.command.as_deref(), Some("SELECT"));
    assert!(!answer.truncated);
    let columns = serde_json::to_value(&answer.columns).unwrap();
    assert_eq!(columns[1], json!({"name": "b", "type_oid": 25, "type": "text"}));
    let arrays = Statement { shape: Shape::Arrays, ..reading(sql) };
    assert_eq!(rows(&client, &arrays).await, json!([[1, "x", null], [2, "y", 3]]));
}

#[tokio::test]
async fn parameters_of_every_json_type_arrive() {
    let Some(client) = client(2).await else { return };
    let sql = "select $1::int4 as n, $2::numeric as d, $3::text as t, $4::bool as b, \
               $5::text as z, $6::jsonb as j, $7::jsonb as ja, $8::int[] as a, $9::text[] as ta, \
               $10::jsonb[] as jb";
    for _ in 0..3 {
        let with = Statement {
            parameters: {
                let mut all = parameters(&json!([
                    1, 0, "it's", true, null, {"a": [1]}, [1, {"b": 2}], [1, null, 3],
                    ["a,\"b\"", "NULL", null, ""], [{"a": 1}, 2]
                ]));
                all[1] = Parameter::Text("12345678901234567890.123".into());
                all
            },
            ..reading(sql)
        };
        let expected = json!([{
            "n": 1, "d": "12345678901234567890.123", "t": "it's", "b": true, "z": null,
            "j": {"a": [1]}, "ja": [1, {"b": 2}], "a": [1, null, 3],
            "ta": ["a,\"b\"", "NULL", null, ""], "jb": [{"a": 1}, 2]
        }]);
        assert_eq!(rows(&client, &with).await, expected);
    }
}

#[tokio::test]
async fn an_error_carries_what_the_server_said() {
    let Some(client) = client(1).await else { return };
    let error = run(&client, &reading("select 1,\n nope from pg_class")).await.unwrap_err();
    assert_eq!(error.code(), Code::DbQueryError);
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
    let details = error.details();
    assert_eq!(details["sqlstate"], "42703");
    assert_eq!(details["position"], 12);
    assert_eq!(
        details["formattedError"],
        "ERROR:  42703: column \"nope\" does not exist\nLINE 2:  nope from pg_class\n         ^\n"
    );
    // The session is as good as before.
    assert_eq!(rows(&client, &reading("select 1 as a")).await, json!([{"a": 1}]));
    assert_eq!(client.gauge().open, 1);
}

#[tokio::test]
async fn a_read_changes_nothing() {
    let Some(client) = client(1).await else { return };
    run(&client, &statement("create table if not exists read_only_check (a int)")).await.unwrap();
    run(
        &client,
        &statement(
            "create or replace function sneaky() returns int language sql volatile as \
         'insert into read_only_check values (1) returning a'",
        ),
    )
    .await
    .unwrap();
    let error = run(&client, &reading("select sneaky()")).await.unwrap_err();
    assert_eq!(error.details()["sqlstate"], "25006");
    let error = run(&client, &reading("insert into read_only_check values (1)")).await.unwrap_err();
    assert_eq!(error.code(), Code::OperationNotAllowed);
    let count = rows(&client, &reading("select count(*)::int as n from read_only_check")).await;
    assert_eq!(count, json!([{"n": 0}]));
    run(&client, &statement("drop function sneaky()")).await.unwrap();
    run(&client, &statement("drop table read_only_check")).await.unwrap();
}

#[tokio::test]
async fn results_are_cut_at_the_row_cap_and_say_so() {
    let Some(client) = client(1).await else { return };
    for (wanted, cap, truncated) in [(10, 10, false), (11, 10, true), (5, 0, true), (0, 0, false)] {
        let sql = format!("select n from generate_series(1, {wanted}) n");
        for read_only in [true, false] {
            let with = Statement { max_rows: cap, read_only, ..statement(&sql) };
            let (rows, answer) = run(&client, &with).await.unwrap();
            assert_eq!(rows.as_array().unwrap().len(), cap.min(wanted) as usize);
            assert_eq!(answer.truncated, truncated, "{wanted} rows, cap {cap}");
            assert_eq!(answer.row_count, u64::from(cap.min(wanted)));
        }
    }
}

#[tokio::test]
async fn results_are_cut_at_the_byte_cap_and_say_so() {
    let Some(client) = client(1).await else { return };
    let sql = "select repeat('x', 1 << 20) as a from generate_series(1, 100)";
    for read_only in [true, false] {
        let (rows, answer) =
            run(&client, &Statement { read_only, ..statement(sql) }).await.unwrap();
        assert!(answer.truncated);
        assert_eq!(rows.as_array().unwrap().len(), 63);
    }
    let one = "select repeat('x', 80 << 20) as a";
    let error = run(&client, &reading(one)).await.unwrap_err();
    assert_eq!(error.code(), Code::PayloadTooLarge);
    eventually("the cut session is closed", async || client.gauge().in_use == 0).await;
    assert_eq!(rows(&client, &reading("select 1 as a")).await, json!([{"a": 1}]));
}

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
    assert!(started.elapsed() < Duration::from_secs(2));

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
        tokio::time::sleep(Duration::from_millis(300)).await;
        let deadline = Deadline::after(Duration::from_millis(200));
        client.query(&reading("select 1"), deadline, &mut Writer::new()).await
    };
    let (first, second) = tokio::join!(busy, waiting);
    first.unwrap();
    assert_eq!(second.unwrap_err().code(), Code::PoolExhausted);
}

#[tokio::test]
async fn notices_and_custom_types_are_told() {
    let Some(client) = client(1).await else { return };
    let (_, answer) = run(&client, &statement("drop table if exists never_was")).await.unwrap();
    assert_eq!(answer.notices[0].severity, "NOTICE");
    assert!(answer.notices[0].message.contains("never_was"));
    let _ = run(&client, &statement("drop type if exists mood")).await;
    run(&client, &statement("create type mood as enum ('sad', 'ok')")).await.unwrap();
    let (rows, answer) = run(&client, &reading("select 'ok'::mood as m")).await.unwrap();
    assert_eq!(rows, json!([{"m": "ok"}]));
    assert_eq!(answer.columns[0].type_name.as_deref(), Some("mood"));
    run(&client, &statement("drop type mood")).await.unwrap();
}

#[tokio::test]
async fn writes_count_what_they_changed() {
    let Some(client) = client(1).await else { return };
    run(&client, &statement("create table if not exists counted (a int)")).await.unwrap();
    let insert = "insert into counted select generate_series(1, 7)";
    let (rows, answer) = run(&client, &statement(insert)).await.unwrap();
    assert_eq!((rows, answer.row_count), (json!([]), 7));
    assert_eq!(answer.command.as_deref(), Some("INSERT"));
    let (_, answer) = run(&client, &statement("update counted set a = 0")).await.unwrap();
    assert_eq!(answer.row_count, 7);
    run(&client, &statement("drop table counted")).await.unwrap();
}

#[tokio::test]
async fn copy_and_open_transactions_are_refused() {
    let Some(client) = client(1).await else { return };
    for sql in ["copy pg_class to stdout", "begin", "select 1; select 2"] {
        assert!(run(&client, &statement(sql)).await.is_err(), "{sql}");
    }
    let error =
        run(&client, &statement("do $$ begin execute 'copy pg_am to stdout'; end $$")).await;
    assert!(error.is_err());
    assert_eq!(rows(&client, &reading("select 1 as a")).await, json!([{"a": 1}]));
}

#[tokio::test]
async fn the_wrong_password_is_told_apart() {
    let Some(mut target) = target() else { return };
    target.password = Some("wrong".into());
    let error = Client::connect(&target, &options(1), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbInvalidCredentials);
    assert!(!error.to_string().contains("wrong"));
}

#[tokio::test]
async fn tls_verifies_the_server_and_prefer_falls_back() {
    let Some(mut plain) = target() else { return };
    plain.tls = Some(Tls { optional: true, insecure: true, ..Tls::default() });
    Client::connect(&plain, &options(1), soon()).await.unwrap();

    let Some(url) = given("TEST_POSTGRES_TLS_URL") else { return };
    let Some(ca) = given("TEST_POSTGRES_TLS_CA") else { return };
    let mut target = target_of(&url);
    let ca_pem = Some(std::fs::read_to_string(ca).unwrap());
    target.tls = Some(Tls { ca_pem, ..Tls::default() });
    let client = Client::connect(&target, &options(2), soon()).await.unwrap();
    let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    assert_eq!(rows(&client, &reading(sql)).await, json!([{"ssl": true}]));
    // Cancelling goes through TLS as well.
    let late = reading("select pg_sleep(20)");
    let deadline = Deadline::after(Duration::from_millis(500));
    let error = client.query(&late, deadline, &mut Writer::new()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTimeout);

    target.channel_binding = ChannelBinding::Require;
    Client::connect(&target, &options(1), soon()).await.unwrap();

    target.tls = Some(Tls::default());
    let error = Client::connect(&target, &options(1), soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTlsError);
}

#[tokio::test]
async fn a_probe_takes_its_steps() {
    let Some(target) = target() else { return };
    let result = studio_multidb::backend::probe::test(
        &studio_multidb::target::Target::Postgres(target.clone()),
        &options(1),
        soon(),
    )
    .await;
    let names: Vec<_> = result.steps.iter().map(|s| s.name).collect();
    assert_eq!(names, ["resolve", "connect", "auth", "ping", "capabilities"]);
    assert!(result.success && result.version.is_some());
    assert_eq!(result.facts["server_encoding"], "UTF8");
    let mut probe = Probe::new(soon());
    let nobody =
        PostgresTarget { endpoint: Endpoint { port: 1, ..target.endpoint.clone() }, ..target };
    studio_multidb::backend::postgres::probe(&nobody, &options(1), &mut probe).await.unwrap_err();
}

#[tokio::test]
async fn tables_have_the_shape_of_pg_meta() {
    let Some(client) = client(1).await else { return };
    for sql in [
        "create schema if not exists shape",
        "create table if not exists shape.parent (id int primary key, name text not null unique)",
        "create table if not exists shape.child (id bigint generated always as identity primary \
         key, parent int references shape.parent, note text default 'x' check (note <> ''))",
    ] {
        run(&client, &statement(sql)).await.unwrap();
    }
    let mut filter = TableFilter {
        included_schemas: vec!["shape".into()],
        excluded_schemas: Vec::new(),
        include_system_schemas: false,
        include_columns: true,
        limit: None,
        offset: 0,
    };
    let tables = async |filter: &TableFilter| -> Value {
        let mut out = Writer::new();
        client.tables(filter, "test".into(), soon(), &mut out).await.unwrap();
        serde_json::from_slice(&out.into_bytes()).unwrap()
    };
    let found = tables(&filter).await;
    assert_eq!(found[0]["name"], "parent");
    assert_eq!(found[1]["name"], "child");
    assert_eq!(found[1]["columns"][0]["identity_generation"], "ALWAYS");
    assert_eq!(found[1]["relationships"][0]["target_table_name"], "parent");
    assert_eq!(found[0]["primary_keys"][0]["name"], "id");
    filter.limit = Some(1);
    filter.offset = 1;
    filter.include_columns = false;
    let page = tables(&filter).await;
    assert_eq!(page.as_array().unwrap().len(), 1);
    assert_eq!(page[0]["name"], "child");
    assert!(page[0].get("columns").is_none());
    run(&client, &statement("drop schema shape cascade")).await.unwrap();
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

#[tokio::test]
async fn every_built_in_type_is_answered_as_by_pg_meta() {
    let Some(client) = client(1).await else { return };
    for sql in [
        "drop schema if exists fixture cascade",
        "create schema fixture",
        "create type fixture.mood as enum ('sad', 'ok \"x\"')",
        "create type fixture.pair as (a int, b text)",
        "create domain fixture.positive as int check (value > 0)",
        "create type fixture.span as range (subtype = float8)",
    ] {
        run(&client, &statement(sql)).await.unwrap();
    }
    let recorded = include_str!("fixtures/pg-meta-values.json");
    let recorded: Vec<Value> = serde_json::from_str(recorded).unwrap();
    for value in recorded {
        let sql = value["sql"].as_str().unwrap();
        let select = reading(&format!("select {sql} as v"));
        let answer: Value = serde_json::from_str(value["answer"].as_str().unwrap()).unwrap();
        assert_eq!(rows(&client, &select).await, json!([{ "v": answer }]), "{sql}");
    }
    run(&client, &statement("drop schema fixture cascade")).await.unwrap();
}

/// The body of pg-meta's answer, where one runs against the same server: `TEST_PG_META_URL`.
fn pg_meta(method: &str, path: &str, body: &str) -> Option<Value> {
    use std::io::{Read as _, Write as _};
    let url = given("TEST_PG_META_URL")?;
    let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut stream = std::net::TcpStream::connect(&host).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.0\r\nhost: {host}\r\npg: \r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    Some(serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap())
}

#[tokio::test]
async fn tables_are_those_of_pg_meta() {
    let Some(client) = client(1).await else { return };
    for sql in [
        "drop schema if exists meta_tables cascade",
        "create schema meta_tables",
        "create type meta_tables.mood as enum ('a', 'b')",
        "create domain meta_tables.moods as meta_tables.mood[] not null",
        "create table meta_tables.parent (id int primary key, name text not null unique, \
         \"odd \"\"name\" text default 'x''y', e int generated by default as identity, \
         g int generated always as (id * 2) stored, check (id > 0), check (name <> 'a' and id < 5))",
        "create table meta_tables.child (a int, b meta_tables.mood, c meta_tables.moods, d int[], \
         p int references meta_tables.parent, primary key (b, a))",
        "comment on table meta_tables.child is 'it''s'",
        "comment on column meta_tables.child.a is 'first'",
        "alter table meta_tables.child enable row level security",
        "alter table meta_tables.child replica identity full",
        "create table meta_tables.parts (a int, b date) partition by range (b)",
        "create table meta_tables.part partition of meta_tables.parts for values from \
         ('2020-01-01') to ('2021-01-01')",
        "create table meta_tables.\"Empty\" ()",
    ] {
        run(&client, &statement(sql)).await.unwrap();
    }
    for columns in [true, false] {
        let filter = TableFilter {
            included_schemas: vec!["meta_tables".into()],
            excluded_schemas: Vec::new(),
            include_system_schemas: false,
            include_columns: columns,
            limit: None,
            offset: 0,
        };
        let mut out = Writer::new();
        client.tables(&filter, "test".into(), soon(), &mut out).await.unwrap();
        let ours: Value = serde_json::from_slice(&out.into_bytes()).unwrap();
        assert_eq!(ours.as_array().unwrap().len(), 5);
        let path = format!("/tables?included_schemas=meta_tables&include_columns={columns}");
        let Some(mut theirs) = pg_meta("GET", &path, "{}") else { break };
        theirs.as_array_mut().unwrap().sort_by_key(|table| table["id"].as_i64());
        assert_eq!(ours, theirs);
        // Members come in the same order, too.
        let names = |table: &Value| table.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&ours[0]), names(&theirs[0]));
        if columns {
            assert_eq!(names(&ours[0]["columns"][0]), names(&theirs[0]["columns"][0]));
        }
    }
    run(&client, &statement("drop schema meta_tables cascade")).await.unwrap();
}

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

#[tokio::test]
async fn errors_read_as_those_of_pg_meta() {
    let Some(client) = client(1).await else { return };
    for sql in [
        "select from where",
        "selec 1",
        "select 1 +\n  nope,\n 2",
        "select 'ü' ||\n nope",
        "select 1/0",
        "select * from \"nowhere\".t",
        "select 'x'::int",
        "select unnest(1)",
        "do $$ begin perform 1/0; end $$",
        "do $$ begin raise exception 'a' using detail = 'b', hint = 'c', errcode = 'P0042'; end $$",
        "insert into pg_catalog.pg_am values (null)",
    ] {
        let error = run(&client, &statement(sql)).await.unwrap_err();
        let body = json!({ "query": sql }).to_string();
        let Some(theirs) = pg_meta("POST", "/query", &body) else { return };
        assert_eq!(error.details()["formattedError"], theirs["error"], "{sql}");
        assert_eq!(error.details()["sqlstate"], theirs["code"], "{sql}");
        assert_eq!(error.message(), theirs["message"], "{sql}");
        for (name, value) in theirs.as_object().unwrap() {
            if !matches!(
                name.as_str(),
                "error" | "formattedError" | "code" | "message" | "length" | "name" | "position"
            ) {
                assert_eq!(error.details().get(name), Some(value), "{sql}: {name}");
            }
        }
    }
}
