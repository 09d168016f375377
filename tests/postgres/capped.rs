//! A cap cuts the answer of a write, never the write.

use std::time::Duration;

use serde_json::json;
use studio_multidb::backend::postgres::{Client, Statement};
use studio_multidb::json::Writer;

use crate::fixtures::{eventually, soon};
use crate::support::{both, prepare, reading, rows, run, statement};

/// More rows than fit into a read of the socket, so that there is something left to stop.
const MANY: u64 = 5000;

/// A table of its own with as many rows, and a function that writes one into another.
async fn rooms(client: &Client, name: &str) {
    prepare(
        client,
        &[
            &format!("drop schema if exists {name} cascade"),
            &format!("create schema {name}"),
            &format!(
                "create table {name}.big as select n, 0 as touched, repeat('x', 200) as filler
                      from generate_series(1, {MANY}) n"
            ),
            &format!("create table {name}.log (n int)"),
            &format!(
                "create function {name}.wr(n bigint) returns text language plpgsql as $$
                      begin insert into {name}.log values (n); return repeat('y', 200); end $$"
            ),
            &format!("create view {name}.sly as select {name}.wr(n) from {name}.big"),
        ],
    )
    .await;
}

/// Statements that write once per row of their answer, and a count of what they wrote.
fn writes(name: &str) -> Vec<(String, String)> {
    let logged = format!("select count(*)::int as n from {name}.log");
    let touched = format!("select count(*)::int as n from {name}.big where touched = 1");
    vec![
        (format!("select {name}.wr(n) from {name}.big"), logged.clone()),
        (format!("table {name}.sly"), logged.clone()),
        (
            format!("with w as (select {name}.wr(n) from {name}.big) select * from w"),
            logged.clone(),
        ),
        (
            format!("insert into {name}.log select n from {name}.big returning n, 'x'"),
            logged.clone(),
        ),
        (
            format!(
                "with w as (insert into {name}.log select n from {name}.big returning n)
                 select w.n, filler from w join {name}.big b on b.n = w.n"
            ),
            logged,
        ),
        (format!("update {name}.big set touched = 1 returning *"), touched.clone()),
        (
            format!(
                "with w as (update {name}.big set touched = 1 returning *) select * from w order by n"
            ),
            touched,
        ),
        (
            format!("delete from {name}.big returning *"),
            format!("select ({MANY} - count(*))::int as n from {name}.big"),
        ),
    ]
}

#[tokio::test]
async fn what_may_write_runs_to_its_end_whatever_cap_its_answer_has() {
    for (way, client) in both(1).await {
        let name = format!("capped_{way}");
        for (max_rows, max_bytes) in
            [(0, 64 << 20), (1, 64 << 20), (1000, 64 << 20), (100_000, 9000)]
        {
            rooms(&client, &name).await;
            for (sql, count) in writes(&name) {
                let before = rows(&client, &reading(&count)).await[0]["n"].as_u64().unwrap();
                let capped = Statement { max_rows, max_bytes, ..statement(&sql) };
                let (answered, answer) = run(&client, &capped).await.unwrap();
                let what = format!("{way}, {max_rows} rows, {max_bytes} bytes: {sql}");
                let after = rows(&client, &reading(&count)).await[0]["n"].as_u64().unwrap();
                assert_eq!(after - before, MANY, "{what}");
                assert_eq!(answer.row_count, MANY, "{what}");
                assert!(answer.truncated, "{what}");
                let answered = answered.as_array().unwrap().len();
                assert!(answered as u64 <= u64::from(max_rows).min(MANY), "{what}");
                if sql.starts_with("update") {
                    prepare(&client, &[&format!("update {name}.big set touched = 0")]).await;
                }
                if sql.contains("(update") {
                    prepare(&client, &[&format!("update {name}.big set touched = 0")]).await;
                }
            }
        }
        prepare(&client, &[&format!("drop schema {name} cascade")]).await;
    }
}

#[tokio::test]
async fn a_row_too_large_for_any_answer_does_not_stop_a_write() {
    for (way, client) in both(1).await {
        let name = format!("wide_{way}");
        rooms(&client, &name).await;
        let sql = format!(
            "select {name}.wr(n), repeat('x', case n when 2 then 80 << 20 else 1 end)
             from {name}.big where n < 10"
        );
        let (answered, answer) = run(&client, &statement(&sql)).await.unwrap();
        assert_eq!(answered.as_array().unwrap().len(), 1, "{way}: those before it");
        assert_eq!((answer.row_count, answer.truncated), (9, true), "{way}");
        let logged = reading(&format!("select count(*)::int as n from {name}.log"));
        assert_eq!(rows(&client, &logged).await, json!([{ "n": 9 }]), "{way}");
        prepare(&client, &[&format!("drop schema {name} cascade")]).await;
    }
}

#[tokio::test]
async fn a_caller_that_leaves_in_the_middle_leaves_all_or_nothing() {
    for (way, client) in both(2).await {
        let name = format!("left_{way}");
        rooms(&client, &name).await;
        let logged = reading(&format!("select count(*)::int as n from {name}.log"));
        let sql = format!("select {name}.wr(n), repeat('z', 10000) from {name}.big");
        for patience in [1, 5, 20, 60, 200] {
            let mut out = Writer::new();
            let write = statement(&sql);
            let work = client.query(&write, soon(), &mut out);
            let _ = tokio::time::timeout(Duration::from_millis(patience), work).await;
            eventually("nothing is in use", async || client.gauge().in_use == 0).await;
            let left = rows(&client, &logged).await[0]["n"].as_u64().unwrap();
            assert_eq!(left % MANY, 0, "{way}, after {patience} ms");
        }
        prepare(&client, &[&format!("drop schema {name} cascade")]).await;
    }
}

#[tokio::test]
async fn a_read_stops_at_its_caps() {
    for (way, client) in both(1).await {
        // Run to its end, it would take longer than it may.
        let endless = "select generate_series(1, 2000000000) as n";
        for (max_rows, max_bytes) in [(10, 64 << 20), (100_000, 1000)] {
            let capped = Statement { max_rows, max_bytes, ..reading(endless) };
            let (answered, answer) = run(&client, &capped).await.unwrap();
            let answered = answered.as_array().unwrap().len();
            assert_eq!((answer.row_count, answer.truncated), (answered as u64, true), "{way}");
        }
    }
}
