//! Statements that commit before they end, and then fail.

use std::time::Duration;

use serde_json::json;
use studio_multidb::backend::postgres::Statement;
use studio_multidb::error::Code;
use studio_multidb::outcome::Outcome;

use crate::support::{both, prepare, reading, rows, run, statement};

#[tokio::test]
async fn an_index_that_is_left_half_built_is_told_as_unknown() {
    for (way, client) in both(1).await {
        let name = format!("parts_{way}");
        prepare(
            &client,
            &[
                &format!("drop table if exists {name}"),
                &format!("create table {name} as select 1 as a from generate_series(1, 200)"),
                "create or replace function parts_slow(int) returns int immutable language plpgsql
                 as 'begin perform pg_sleep(0.05); return $1; end'",
            ],
        )
        .await;
        let slow = format!("create index concurrently {name}_slow on {name} (parts_slow(a))");
        let slow = Statement { timeout: Duration::from_millis(800), ..statement(&slow) };
        let twice = statement(&format!("create unique index concurrently {name}_u on {name} (a)"));
        for (one, code) in [(slow, Code::DbTimeout), (twice, Code::DbQueryError)] {
            let error = run(&client, &one).await.unwrap_err();
            assert_eq!(
                (error.code(), error.known_outcome()),
                (code, Outcome::Unknown),
                "{way}: {} ({error})",
                one.sql
            );
            assert!(error.details()["left"].as_str().unwrap().contains("index"), "{way}");
        }
        let left = format!(
            "select count(*)::int as n from pg_index
             where indrelid = '{name}'::regclass and not indisvalid"
        );
        assert_eq!(rows(&client, &reading(&left)).await, json!([{ "n": 2 }]), "{way}");
        prepare(&client, &[&format!("drop table {name}")]).await;
    }
}

#[tokio::test]
async fn what_was_refused_before_it_began_was_not_applied() {
    for (way, client) in both(1).await {
        let name = format!("parts_refused_{way}");
        prepare(
            &client,
            &[
                &format!("drop table if exists {name}"),
                &format!("create table {name} (a int unique)"),
                &format!("insert into {name} values (1)"),
            ],
        )
        .await;
        for sql in [
            format!("create index concurrently {name}_i on {name} (nope)"),
            format!("create index concurrently {name}_a_key on {name} (a)"),
            "create index concurrently parts_i on parts_not_there (a)".to_owned(),
            "create index concurrently on on".to_owned(),
            "drop index concurrently parts_not_there".to_owned(),
            "reindex table concurrently parts_not_there".to_owned(),
            "drop database parts_not_there".to_owned(),
            format!("vacuum {name}, parts_not_there"),
            "call parts_not_there()".to_owned(),
            format!("insert into {name} values (2), (1)"),
            format!("create unique index {name}_j on {name} ((1 / 0))"),
        ] {
            let error = run(&client, &statement(&sql)).await.unwrap_err();
            assert_eq!(error.known_outcome(), Outcome::NotApplied, "{way}: {sql}: {error}");
        }
        prepare(&client, &[&format!("drop table {name}")]).await;
    }
}
