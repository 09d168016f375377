//! What a statement says in the server's name makes nothing run twice, hides nothing that was done,
//! and changes nothing for others.

use std::time::Duration;

use serde_json::json;
use studio_multidb::backend::postgres::Client;
use studio_multidb::outcome::Outcome;

use crate::databases::own_database;
use crate::support::{prepare, reading, rows, run, statement};

/// SQLSTATEs and texts that mean something to us when the server itself says them.
const WORDS: [(&str, &str); 7] = [
    ("25006", "cannot execute INSERT in a read-only transaction"),
    ("XX000", "cache lookup failed for type 5"),
    ("XX000", "could not open relation with OID 5"),
    ("26000", "prepared statement \"mdb_1_1\" does not exist"),
    ("42P05", "prepared statement \"mdb_1_1\" already exists"),
    ("0A000", "cached plan must not change result type"),
    ("25001", "VACUUM cannot run inside a transaction block"),
];

async fn logged(client: &Client) -> i64 {
    let found = rows(client, &reading("select count(*)::int as n from log")).await;
    found[0]["n"].as_i64().unwrap()
}

#[tokio::test]
async fn what_has_committed_is_not_sent_again_whatever_it_says_then() {
    let Some(database) = own_database("forged_commits").await else { return };
    let (client, other) = (database.client(1).await, database.client(1).await);
    prepare(
        &other,
        &[
            "create table log (a int)",
            "create procedure demoted() language plpgsql as $$ begin insert into log values (1); \
             commit; set transaction read only; insert into log values (2); end $$",
        ],
    )
    .await;
    let forged = WORDS.iter().map(|(state, text)| {
        format!(
            "do $$ begin insert into log values (1); commit; \
             raise exception '{text}' using errcode = '{state}'; end $$"
        )
    });
    let all: Vec<String> = forged.chain(["call demoted()".to_owned()]).collect();
    // A session whose server may have another name by now.
    run(&client, &reading("select 1")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5100)).await;
    for sql in &all {
        // Also when the statement is kept.
        for _ in 0..3 {
            let before = logged(&other).await;
            let error = run(&client, &statement(sql)).await.unwrap_err();
            assert_eq!(logged(&other).await, before + 1, "{sql}");
            assert_eq!(error.known_outcome(), Outcome::Unknown, "{sql}: {error}");
        }
    }
    drop((client, other));
    database.remove().await;
}

#[tokio::test]
async fn what_a_function_raises_makes_nobodys_session_a_poolers() {
    let Some(database) = own_database("forged_pooler").await else { return };
    let client = database.client(1).await;
    let boom = "create function boom(state text, words text) returns int immutable \
        language plpgsql as $$ begin raise exception '%', words using errcode = state; end $$";
    prepare(&client, &[boom]).await;
    for (state, text) in WORDS {
        for _ in 0..4 {
            let sql = format!("select boom('{state}', '{text}')");
            assert!(run(&client, &reading(&sql)).await.is_err());
            assert!(run(&client, &statement(&sql)).await.is_err());
        }
        // Behind a pooler these are refused.
        prepare(&client, &["set work_mem = '5MB'", "create temp table x (a int)"]).await;
    }
    // Its own names taken away, by a function, is no pooler either.
    let forget = "create function forget() returns int language plpgsql as \
        $$ begin execute 'deallocate all'; return 1; end $$";
    prepare(&client, &[forget]).await;
    for _ in 0..4 {
        run(&client, &reading("select 1 as a")).await.unwrap();
        run(&client, &reading("select forget()")).await.unwrap();
    }
    prepare(&client, &["set work_mem = '5MB'"]).await;
    drop(client);
    database.remove().await;
}

#[tokio::test]
async fn what_a_function_leaves_in_the_session_is_gone_for_the_next_request() {
    let Some(database) = own_database("forged_leftovers").await else { return };
    let client = database.client(1).await;
    prepare(
        &client,
        &["create function mine() returns int language plpgsql as \
             $$ begin execute 'prepare mine as select 1'; return 1; end $$"],
    )
    .await;
    let left = reading("select count(*)::int as n from pg_prepared_statements where name = 'mine'");
    for sql in ["select mine()", "select public.mine()", "select * from mine() as f(a)"] {
        for _ in 0..3 {
            run(&client, &reading(sql)).await.unwrap();
            assert_eq!(rows(&client, &left).await, json!([{ "n": 0 }]), "{sql}");
        }
    }
    if run(&client, &statement("create extension dblink")).await.is_ok() {
        let linked = "create function linked() returns int language plpgsql as $$ begin \
            perform dblink_connect('l', 'host=127.0.0.1 user=postgres password=postgres port=' \
            || current_setting('port') || ' dbname=' || current_database()); return 1; end $$";
        prepare(&client, &[linked]).await;
        let links = reading("select dblink_get_connections()::text as l");
        for one in [reading("select linked()"), statement("select linked()")] {
            run(&client, &one).await.unwrap();
            assert_eq!(rows(&client, &links).await, json!([{ "l": null }]), "{}", one.sql);
        }
    }
    drop(client);
    database.remove().await;
}

/// A plain read keeps its session as it is, and so its plan.
#[tokio::test]
async fn a_read_that_the_server_could_not_parse_costs_no_session() {
    let Some(database) = own_database("forged_unparsed").await else { return };
    let client = database.client(1).await;
    let session = reading("select pg_backend_pid() as pid, 'kept' as a");
    let first = rows(&client, &session).await;
    for _ in 0..2 {
        rows(&client, &session).await;
    }
    for sql in ["select mine(1)", "select mine(1) from nowhere", "select (1).mine, f("] {
        assert!(run(&client, &reading(sql)).await.is_err());
        assert_eq!(rows(&client, &session).await, first, "{sql}");
    }
    let kept = reading(
        "select count(*)::int as n from pg_prepared_statements where statement like '%kept%'",
    );
    assert_eq!(rows(&client, &kept).await, json!([{ "n": 1 }]));
    drop(client);
    database.remove().await;
}

#[tokio::test]
async fn a_read_that_calls_nothing_unknown_stays_parsed() {
    let Some(database) = own_database("forged_plain").await else { return };
    let client = database.client(1).await;
    let kept =
        reading("select count(*)::int as n from pg_prepared_statements where name like 'mdb\\_%'");
    for _ in 0..3 {
        run(&client, &kept).await.unwrap();
    }
    assert_eq!(rows(&client, &kept).await, json!([{ "n": 1 }]));
    drop(client);
    database.remove().await;
}
