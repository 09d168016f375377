//! Statements that are repeated while others change what they are about.

use serde_json::{Value, json};
use studio_multidb::backend::postgres::{Client, Statement};

use crate::support::{both, client, parameters, prepare, reading, rows, run, statement};

/// All have one schema, and use it one after the other.
static SCHEMA: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A change to what a statement is about, made elsewhere.
struct Change {
    name: &'static str,
    before: &'static [&'static str],
    sql: &'static str,
    parameters: Value,
    done: &'static [&'static str],
    expected: Value,
}

fn changes_of_columns() -> Vec<Change> {
    vec![
        Change {
            name: "a column is added",
            before: &["create table stale.t as select 1 as a"],
            sql: "select * from stale.t",
            parameters: json!([]),
            done: &["alter table stale.t add column b text default 'x'"],
            expected: json!([{ "a": 1, "b": "x" }]),
        },
        Change {
            name: "a column has another type than its parameter had",
            before: &["create table stale.t as select 7 as a"],
            sql: "select a from stale.t where a = $1",
            parameters: json!(["7"]),
            done: &["alter table stale.t alter column a type text using a::text"],
            expected: json!([{ "a": "7" }]),
        },
        Change {
            name: "a column has a type that reads the parameter otherwise",
            before: &["create table stale.t (a date)", "insert into stale.t values ('2024-01-02')"],
            sql: "select count(*)::int as a from stale.t where a > $1",
            parameters: json!(["2024-01-01 10:00"]),
            done: &[
                "alter table stale.t alter column a type timestamp",
                "insert into stale.t values ('2024-01-01 08:00'), ('2024-01-01 12:00')",
            ],
            expected: json!([{ "a": 2 }]),
        },
        Change {
            name: "a column has a time zone",
            before: &["create table stale.t (a timestamp)"],
            sql: "select count(*)::int as a from stale.t where a = $1",
            parameters: json!(["2024-01-02 10:00+05"]),
            done: &[
                "alter table stale.t alter column a type timestamptz",
                "insert into stale.t values ('2024-01-02 10:00+05')",
            ],
            expected: json!([{ "a": 1 }]),
        },
        Change {
            name: "a column is more exact",
            before: &["create table stale.t (a float4)"],
            sql: "select count(*)::int as a from stale.t where a = $1",
            parameters: json!(["0.1"]),
            done: &[
                "alter table stale.t alter column a type float8",
                "insert into stale.t values (0.1)",
            ],
            expected: json!([{ "a": 1 }]),
        },
        Change {
            name: "a column of arrays becomes one of JSON",
            before: &["create table stale.t (a text[])", "insert into stale.t values ('{}')"],
            sql: "select count(*)::int as a from stale.t where a = $1",
            parameters: json!([[]]),
            done: &[
                "drop table stale.t",
                "create table stale.t (a jsonb)",
                "insert into stale.t values ('{}'), ('[]'), ('[]')",
            ],
            expected: json!([{ "a": 2 }]),
        },
        Change {
            name: "a function has a namesake that fits better",
            before: &["create function stale.f(int) returns text language sql as $$select 'int'$$"],
            sql: "select stale.f($1) as a",
            parameters: json!(["5"]),
            done: &["create function stale.f(text) returns text language sql as $$select 'text'$$"],
            expected: json!([{ "a": "text" }]),
        },
    ]
}

fn other_changes() -> Vec<Change> {
    vec![
        Change {
            name: "a table is made anew",
            before: &["create table stale.t as select 1 as a"],
            sql: "select a from stale.t",
            parameters: json!([]),
            done: &["drop table stale.t", "create table stale.t as select 'new'::text as a"],
            expected: json!([{ "a": "new" }]),
        },
        Change {
            name: "a table becomes a view",
            before: &["create table stale.t as select 1 as a"],
            sql: "select a from stale.t",
            parameters: json!([]),
            done: &["drop table stale.t", "create view stale.t as select 2::numeric as a"],
            expected: json!([{ "a": "2" }]),
        },
        Change {
            name: "a function is made anew",
            before: &["create function stale.f() returns int language sql as 'select 1'"],
            sql: "select stale.f() as a",
            parameters: json!([]),
            done: &[
                "drop function stale.f()",
                "create function stale.f() returns text language sql as $$select 'new'$$",
            ],
            expected: json!([{ "a": "new" }]),
        },
        Change {
            name: "a function takes other arguments",
            before: &["create function stale.f(int) returns int language sql as 'select $1'"],
            sql: "select stale.f($1) as a",
            parameters: json!(["5"]),
            done: &[
                "drop function stale.f(int)",
                "create function stale.f(text) returns text language sql as $$select $1 || '!'$$",
            ],
            expected: json!([{ "a": "5!" }]),
        },
        Change {
            name: "a type is made anew",
            before: &[
                "create type stale.mood as enum ('sad', 'ok')",
                "create table stale.t (a stale.mood)",
                "insert into stale.t values ('ok')",
            ],
            sql: "select a from stale.t where a = $1",
            parameters: json!(["ok"]),
            done: &[
                "drop type stale.mood cascade",
                "create type stale.mood as enum ('fine', 'ok')",
                "alter table stale.t add column a stale.mood default 'ok'",
            ],
            expected: json!([{ "a": "ok" }]),
        },
        Change {
            name: "a type that a function has looked up is made anew",
            before: &[
                "create type stale.mood as enum ('sad', 'ok')",
                "create function stale.f() returns text language plpgsql as
                 $$ declare m stale.mood; begin m := 'ok'; return m::text; end $$",
            ],
            sql: "select stale.f() as a",
            parameters: json!([]),
            done: &["drop type stale.mood", "create type stale.mood as enum ('new', 'ok')"],
            expected: json!([{ "a": "ok" }]),
        },
        Change {
            name: "a function reads a table that is made anew",
            before: &[
                "create table stale.t as select 1 as a",
                "create function stale.f() returns text language plpgsql as
                 $$ declare r record; begin select * into r from stale.t; return r.a; end $$",
            ],
            sql: "select stale.f() as a",
            parameters: json!([]),
            done: &["drop table stale.t", "create table stale.t as select 'new'::text as a"],
            expected: json!([{ "a": "new" }]),
        },
    ]
}

async fn settled(client: &Client, statement: &Statement) {
    // Often enough that it is kept, and that its plan is.
    for _ in 0..8 {
        run(client, statement).await.unwrap();
    }
}

#[tokio::test]
async fn after_a_change_elsewhere_the_next_read_is_right() {
    let Some(other) = client(1).await else { return };
    let _schema = SCHEMA.lock().await;
    for (way, client) in both(1).await {
        for change in changes_of_columns().into_iter().chain(other_changes()) {
            let what = format!("{way}: {}", change.name);
            // A pooler's session can't be exchanged for another when a function of its own is stale.
            if way == "pooled" && change.name.contains("function has looked up") {
                continue;
            }
            prepare(&other, &["drop schema if exists stale cascade", "create schema stale"]).await;
            prepare(&other, change.before).await;
            let read =
                Statement { parameters: parameters(&change.parameters), ..reading(change.sql) };
            settled(&client, &read).await;
            prepare(&other, change.done).await;
            for _ in 0..3 {
                match run(&client, &read).await {
                    Ok((found, _)) => assert_eq!(found, change.expected, "{what}"),
                    Err(error) => panic!("{what}: {error} {:?}", error.details()),
                }
            }
        }
    }
    prepare(&other, &["drop schema stale cascade"]).await;
}

/// What had begun to run is not made again; but it does not fail twice for the same reason.
#[tokio::test]
async fn after_a_change_elsewhere_a_write_fails_once_at_most() {
    let (Some(other), Some(client)) = (client(1).await, client(1).await) else { return };
    let _schema = SCHEMA.lock().await;
    for change in changes_of_columns().into_iter().chain(other_changes()) {
        prepare(
            &other,
            &[
                "drop schema if exists stale cascade",
                "create schema stale",
                "create table stale.log (a text)",
            ],
        )
        .await;
        prepare(&other, change.before).await;
        let sql = format!(
            "with s as ({}) insert into stale.log select row_to_json(s)::text from s",
            change.sql
        );
        let write = Statement { parameters: parameters(&change.parameters), ..statement(&sql) };
        settled(&client, &write).await;
        prepare(&other, change.done).await;
        let failed = run(&client, &write).await.is_err();
        for _ in 0..3 {
            if let Err(error) = run(&client, &write).await {
                panic!("{}: {error} {:?}", change.name, error.details());
            }
        }
        let count = rows(&other, &reading("select count(*)::int as n from stale.log")).await;
        assert_eq!(count, json!([{ "n": 12 - i32::from(failed) }]), "{}", change.name);
    }
    prepare(&other, &["drop schema stale cascade"]).await;
}

#[tokio::test]
async fn a_kept_statement_that_keeps_failing_leaves_nothing_open_on_the_server() {
    let Some(client) = client(1).await else { return };
    let bad = |text: &str| Statement {
        parameters: parameters(&json!([text])),
        ..reading("select $1::int as a")
    };
    for _ in 0..20 {
        run(&client, &bad("1")).await.unwrap();
        assert!(run(&client, &bad("no number")).await.is_err());
    }
    let open = reading("select count(*)::int as n from pg_prepared_statements");
    let found = rows(&client, &open).await[0]["n"].as_i64().unwrap();
    assert!(found <= 2, "{found} are open");
}
