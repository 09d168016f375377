//! What a statement answers, and where its answer is cut or refused.

use serde_json::json;
use studio_multidb::backend::postgres::{Parameter, Shape, Statement};
use studio_multidb::error::Code;
use studio_multidb::outcome::Outcome;

use crate::fixtures::eventually;
use crate::support::{client, parameters, reading, rows, run, statement};

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
            // What may write runs to its end, and says how much that was.
            let counted = if read_only { cap.min(wanted) } else { wanted };
            assert_eq!(answer.row_count, u64::from(counted));
        }
    }
}

#[tokio::test]
async fn results_are_cut_at_the_byte_cap_and_say_so() {
    let Some(client) = client(1).await else { return };
    let sql = "select repeat('x', 1 << 20) as a from generate_series(1, 100)";
    for (max_bytes, fit) in [(64 << 20, 63), (4 << 20, 3)] {
        for read_only in [true, false] {
            let with = Statement { max_bytes, read_only, ..statement(sql) };
            let (rows, answer) = run(&client, &with).await.unwrap();
            assert!(answer.truncated);
            assert_eq!(rows.as_array().unwrap().len(), fit);
        }
    }
    let one = "select repeat('x', 80 << 20) as a";
    let error = run(&client, &reading(one)).await.unwrap_err();
    assert_eq!(error.code(), Code::PayloadTooLarge);
    eventually("the cut session is closed", async || client.gauge().in_use == 0).await;
    assert_eq!(rows(&client, &reading("select 1 as a")).await, json!([{"a": 1}]));
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
