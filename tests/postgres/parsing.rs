//! No statement that passes keeps a server busy past its timeout with reading and planning.

use std::time::{Duration, Instant};

use studio_multidb::backend::postgres::Statement;
use studio_multidb::deadline::Deadline;
use studio_multidb::error::Code;
use studio_multidb::json::Writer;

use crate::fixtures::eventually;
use crate::support::{client, reading, rows, run, statement};

/// A list of so many items, made of their numbers.
fn list(n: usize, between: &str, item: impl Fn(usize) -> String) -> String {
    (0..n).map(item).collect::<Vec<_>>().join(between)
}

/// What takes a server the longest of all that passes, by kind: near the bound.
fn heavy() -> Vec<String> {
    vec![
        format!("{}{} select 1", "/*".repeat(2_000), "*/".repeat(2_000)),
        format!("/{0}/ select 1 /{0}/", "*".repeat(1_000_000)),
        format!("{}{} select 1", "/* ".repeat(1_300_000), "*/ ".repeat(1_300_000)),
        format!("select 1{}1", "+-".repeat(3_000)),
        format!("select {}1{}", "(".repeat(500_000), ")".repeat(500_000)),
        format!("select 1{}", "::int".repeat(19_000)),
        format!("select 1{}", "+1".repeat(19_000)),
        format!("select {}true", "not ".repeat(19_000)),
        format!(
            "select count(*) from pg_class where oid in ({})",
            list(400_000, ",", |n| n.to_string())
        ),
        format!("select array[{}]", list(900_000, ",", |n| (n % 10).to_string())),
        format!("select count(*) from (values {}) v", list(400_000, ",", |_| "(1)".into())),
        format!("select 1 from {}", list(4_900, ",", |n| format!("(select 1)a{n}"))),
        format!("select 1 order by {}", list(7_000, ",", |n| format!("1+{n}"))),
        format!("select 1 group by ({})", list(7_000, ",", |n| format!("1+{n}"))),
        format!(
            "select 1 from pg_class where {}",
            list(2_800, " and ", |n| format!("relpages+{n}=reltuples+{n}"))
        ),
        format!(
            "select 1 from pg_class where {}",
            list(3_000, " or ", |n| format!("(relpages={n} and relname='{n}')"))
        ),
        format!("select array[{}]", list(310, ",", |n| format!("sum(1) over (order by {n})"))),
        format!(
            "with recursive a0 as (select 1),{} select * from a250",
            list(250, ",", |n| format!("a{} as (select * from a{n})", n + 1))
        ),
        format!(
            "with a0 as (select 1),{} select * from a250",
            list(250, ",", |n| format!("a{} as (select * from a{n})", n + 1))
        ),
        format!("select * from {}pg_class{}", "(select * from ".repeat(150), ")a".repeat(150)),
        format!(
            "select 1 from (select 1 as a) x {}",
            list(600, " ", |n| format!("natural join (select 1 as a) a{n}"))
        ),
        format!("select 1{}", " union all select 1".repeat(5_000)),
        format!(
            "select case {} end from pg_class",
            list(4_500, " ", |n| format!("when relpages={n} then 1"))
        ),
    ]
}

#[tokio::test]
async fn what_passes_is_read_and_planned_within_its_time() {
    let Some(client) = client(1).await else { return };
    let patience = Duration::from_secs(30);
    for sql in heavy() {
        let start: String = sql.chars().take(40).collect();
        let started = Instant::now();
        let statement = Statement {
            timeout: Duration::from_secs(1),
            request_id: Some("parsing".into()),
            ..reading(&sql)
        };
        let deadline = Deadline::after(patience);
        let ran = client.query(&statement, deadline, &mut Writer::new()).await;
        // Its planning may be cancelled, and the server may find it too deep; but it is taken, and
        // the server is free again.
        if let Err(error) = ran {
            assert_ne!(error.code(), Code::ValidationError, "{start}… {error}");
        }
        let other = self::client(1).await.unwrap();
        let busy = reading(
            "select left(query, 40) as q from pg_stat_activity where state = 'active' \
             and pid <> pg_backend_pid() and backend_type = 'client backend' \
             and application_name like 'studio-multidb parsing%'",
        );
        eventually("the server is free", async || {
            rows(&other, &busy).await == serde_json::json!([])
        })
        .await;
        eprintln!("{:6} ms {start}", started.elapsed().as_millis());
    }
}

#[tokio::test]
async fn what_would_keep_a_server_busy_for_minutes_is_not_sent() {
    let Some(client) = client(1).await else { return };
    let endless = [
        format!("{}{} select 1", "/*".repeat(2_000_000), "*/".repeat(2_000_000)),
        format!("select 1{}1", "+-".repeat(4_000_000)),
        format!("select 1 from {}", list(500_000, ",", |n| format!("(select 1)a{n}"))),
        format!(
            "with {} select 1",
            list(2_000, ",", |n| format!("a{} as (select * from a{n})", n + 1))
        ),
        format!("select 1 order by {}", list(500_000, ",", |n| format!("1+{n}"))),
        format!("select case {} end", list(300_000, " ", |n| format!("when {n}=1 then 1"))),
        "select $268435455".to_owned(),
    ];
    let body = format!("do $$begin {}{} end$$", "/*".repeat(2_000_000), "*/".repeat(2_000_000));
    let error = run(&client, &statement(&body)).await.unwrap_err();
    assert_eq!(error.code(), Code::ValidationError, "{error}");
    for sql in endless {
        for statement in [reading(&sql), statement(&sql)] {
            let error = run(&client, &statement).await.unwrap_err();
            assert_eq!(error.code(), Code::ValidationError, "{}… {error}", &sql[..20]);
            assert!(error.message().len() < 1_000, "{error}");
        }
    }
}
