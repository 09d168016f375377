//! What a statement that only reads leaves in the session: nothing.

use serde_json::json;

use crate::databases::own_database;
use crate::support::{client, reading, rows, run, statement};

#[tokio::test]
async fn a_lock_that_a_function_took_is_given_back_with_the_statement() {
    let Some(database) = own_database("gate_giving_back").await else { return };
    let owner = database.client(1).await;
    for sql in [
        "create function take(k bigint) returns bigint language plpgsql as \
         $$ begin perform pg_advisory_lock(k), pg_advisory_lock_shared(k); return k; end $$",
        "create view locking as select take(2) as k",
        "create function fail(k bigint) returns bigint language plpgsql as \
         $$ begin perform pg_advisory_lock(k); raise 'no'; end $$",
    ] {
        run(&owner, &statement(sql)).await.unwrap();
    }
    let other = client(1).await.unwrap();
    // Those of other tests are in other databases.
    let held = reading(
        "select count(*)::int as n from pg_locks join pg_database d on d.oid = database \
         where locktype = 'advisory' and datname = 'gate_giving_back'",
    );
    for sql in ["select take(1)", "select * from locking", "select fail(3)", "select take(4), 1/0"]
    {
        // Also when the statement is kept, and when its answer is cut.
        for _ in 0..3 {
            let _ = run(&owner, &reading(sql)).await;
            assert_eq!(rows(&other, &held).await, json!([{"n": 0}]), "{sql}");
        }
    }
    let mut cut = reading("select take(g) from generate_series(1, 100) g");
    cut.max_rows = 5;
    run(&owner, &cut).await.unwrap();
    assert_eq!(rows(&other, &held).await, json!([{"n": 0}]));
    drop(owner);
    database.remove().await;
}

#[tokio::test]
async fn settings_channels_and_cursors_of_a_function_end_with_the_statement() {
    let Some(database) = own_database("gate_settings_back").await else { return };
    let client = database.client(1).await;
    let change = "create function change() returns int language plpgsql as $$ begin \
        perform set_config('search_path', 'nowhere', false); listen a_channel; \
        perform set_config('role', 'pg_monitor', false); return 1; end $$";
    run(&client, &statement(change)).await.unwrap();
    let look = reading(
        "select current_setting('search_path') as path, current_setting('role') as role, \
         (select count(*)::int from pg_listening_channels()) as channels, \
         (select count(*)::int from pg_cursors where is_holdable) as cursors",
    );
    let before = rows(&client, &look).await;
    run(&client, &reading("select public.change()")).await.unwrap();
    assert_eq!(rows(&client, &look).await, before);
    drop(client);
    database.remove().await;
}
