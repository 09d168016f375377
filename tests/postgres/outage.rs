//! One user's mistake is nobody else's outage: what moves the circuit of a connection, and what does not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use studio_multidb::backend::postgres::Statement;
use studio_multidb::backend::{Client, ConnectOptions};
use studio_multidb::deadline::Deadline;
use studio_multidb::error::{Code, Error};
use studio_multidb::json::Writer;
use studio_multidb::outcome::Outcome;
use studio_multidb::pool::{PoolKey, PoolLimits, Pools};
use studio_multidb::target::{DatabaseType, PostgresTarget, Target};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::fixtures::{eventually, given, serve, serve_on, silent, soon};
use crate::support::{self, both, prepare, reading, run, statement, target, target_of};

/// What a user's words must not be found in.
const CANARY: &str = "canary of one user";

/// A connection as requests share it.
struct Connection {
    pools: Arc<Pools>,
    key: PoolKey,
    target: PostgresTarget,
}

impl Connection {
    fn to(target: PostgresTarget) -> Self {
        let pools = Pools::new(PoolLimits {
            max_clients: 10,
            idle_timeout: Duration::from_secs(60),
            sweep_interval: Duration::from_secs(60),
        });
        let key = PoolKey {
            project_id: uuid::Uuid::new_v4(),
            database_type: DatabaseType::Postgres,
            connection_id: uuid::Uuid::new_v4(),
            version: 1,
        };
        Self { pools, key, target }
    }

    /// One request, as an operation makes it.
    async fn request(&self, statement: &Statement) -> Result<serde_json::Value, Error> {
        let began = Instant::now();
        let result = self.answer(statement).await;
        self.pools.observe(&self.key, began, result.as_ref().err());
        result
    }

    async fn answer(&self, statement: &Statement) -> Result<serde_json::Value, Error> {
        let target = Target::Postgres(self.target.clone());
        let connect = move || -> studio_multidb::pool::Connect {
            Box::new(move || {
                let target = target.clone();
                let options = ConnectOptions {
                    connect_timeout: Duration::from_secs(2),
                    ..support::options(2)
                };
                Box::pin(async move { Client::connect(&target, &options, soon()).await })
            })
        };
        let lease = self.pools.lease(self.key, connect, soon()).await?;
        let Client::Postgres(client) = lease.client() else { panic!("PostgreSQL was asked for") };
        let mut out = Writer::new();
        client.query(statement, soon(), &mut out).await?;
        Ok(serde_json::from_slice(&out.into_bytes()).unwrap())
    }

    fn is_open(&self) -> bool {
        self.pools.status()[0].circuit_open
    }
}

/// Statements that fail, whatever they claim about the server.
fn mistakes() -> Vec<Statement> {
    let mut all: Vec<Statement> = [
        "08000", "08001", "08003", "08004", "08006", "08007", "08P01", "28000", "28P01", "3D000",
        "42501", "53000", "53100", "53200", "53300", "57000", "57014", "57P01", "57P02", "57P03",
        "57P04", "57P05", "58000", "XX000", "25006", "26000", "42P05", "0A000",
    ]
    .into_iter()
    .map(|state| {
        statement(&format!(
            "do $$ begin raise exception '{CANARY}' using errcode = '{state}'; end $$"
        ))
    })
    .collect();
    // Too few parameters.
    all.push(statement(&format!("select $1::text, $2::text, '{CANARY}'")));
    // Servers that are not there.
    all.push(statement(&format!(
        "select * from dblink('host=127.0.0.1 port=1 user={CANARY}', 'x') as t(a int)"
    )));
    all.push(statement("select * from outage.far"));
    // Its own session, ended and cancelled.
    all.push(statement(&format!("select pg_terminate_backend(pg_backend_pid()), '{CANARY}'")));
    all.push(reading(&format!("select outage.end_mine('{CANARY}')")));
    all.push(statement(&format!("select pg_cancel_backend(pg_backend_pid()), '{CANARY}'")));
    // Too large, and too slow.
    all.push(reading("select repeat('x', 80 << 20)"));
    all.push(Statement {
        timeout: Duration::from_millis(50),
        ..reading(&format!("select pg_sleep(10), '{CANARY}'"))
    });
    all
}

#[tokio::test]
async fn no_statement_of_one_user_has_the_next_one_refused() {
    for (way, client) in both(1).await {
        prepare(
            &client,
            &[
                "create extension if not exists dblink",
                "create extension if not exists postgres_fdw",
                "drop schema if exists outage cascade",
                "create schema outage",
                "drop server if exists outage_far cascade",
                "create server outage_far foreign data wrapper postgres_fdw
                 options (host '127.0.0.1', port '1')",
                "create user mapping for public server outage_far options (user 'x', password 'y')",
                "create foreign table outage.far (a int) server outage_far",
                "create function outage.end_mine(text) returns bool language sql as
                 'select pg_terminate_backend(pg_backend_pid())'",
            ],
        )
        .await;
        let url = if way == "direct" { "TEST_POSTGRES_URL" } else { "TEST_PGBOUNCER_URL" };
        let shared = Connection::to(target_of(&given(url).unwrap()));
        let innocent = reading("select 1 as a");
        for mistake in mistakes() {
            for _ in 0..4 {
                let error = shared.request(&mistake).await.unwrap_err();
                assert_eq!(error.endpoint_failure(), None, "{way}: {} ({error})", mistake.sql);
            }
            assert!(!shared.is_open(), "{way}: {}", mistake.sql);
            assert_eq!(shared.pools.status()[0].last_error, None, "{way}: {}", mistake.sql);
            let next = shared.request(&innocent).await;
            assert_eq!(next.unwrap(), json!([{ "a": 1 }]), "{way}: after {}", mistake.sql);
        }
        prepare(&client, &["drop server outage_far cascade", "drop schema outage cascade"]).await;
    }
}

/// The way of one connection to a server.
async fn way(mut near: TcpStream, upstream: SocketAddr) {
    let mut far = TcpStream::connect(upstream).await.unwrap();
    let _ = copy_bidirectional(&mut near, &mut far).await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_told_to_all_in_our_words() {
    let Some(mut target) = target() else { return };
    let upstream = format!("{}:{}", target.endpoint.host, target.endpoint.port).parse().unwrap();
    let (port, gate) = serve(move |near| way(near, upstream)).await;
    target.endpoint.port = port;
    let shared = Connection::to(target);
    shared.request(&reading("select 1 as a")).await.unwrap();
    gate.abort();
    let of_one = statement(&format!("select '{CANARY}'"));
    eventually("requests are refused", async || {
        let error = shared.request(&of_one).await.unwrap_err();
        error.details().contains_key("circuit")
    })
    .await;
    let refused = shared.request(&reading("select 1 as a")).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.known_outcome()),
        (Code::DbConnectionFailed, Outcome::NotApplied)
    );
    assert!(refused.message().contains("cannot connect to"), "{refused}");
    assert!(refused.details().contains_key("next_try_ms"));
    assert!(!refused.to_json("r").contains(CANARY));
    assert!(!shared.pools.status()[0].last_error.as_ref().unwrap().contains(CANARY));

    // It is back.
    let listener = loop {
        match TcpListener::bind(("127.0.0.1", port)).await {
            Ok(listener) => break listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    serve_on(listener, move |near| way(near, upstream));
    eventually("it is used again", async || {
        shared.request(&reading("select 1 as a")).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_log_in_that_is_refused_keeps_all_out_at_once_and_names_nobody() {
    let Some(admin) = support::client(1).await else { return };
    let _ = run(&admin, &statement("drop role if exists outage_user")).await;
    prepare(&admin, &["create role outage_user login password 'before'"]).await;
    let mut target = support::target().unwrap();
    target.username = "outage_user".to_owned();
    target.password = Some("before".into());
    let shared = Connection::to(target);
    shared.request(&reading("select 1 as a")).await.unwrap();
    prepare(&admin, &["alter role outage_user password 'after'"]).await;
    let end = "select count(pg_terminate_backend(pid))::int as n from pg_stat_activity
               where usename = 'outage_user'";
    eventually("its sessions end", async || {
        support::rows(&admin, &statement(end)).await == json!([{ "n": 0 }])
    })
    .await;
    let failed = shared.request(&reading("select 1 as a")).await.unwrap_err();
    assert_eq!(failed.code(), Code::DbInvalidCredentials, "{failed}");
    assert!(failed.message().contains("outage_user"), "whose log-in it was is told: {failed}");
    let refused = shared.request(&reading("select 1 as a")).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.known_outcome()),
        (Code::DbInvalidCredentials, Outcome::NotApplied)
    );
    assert_eq!(
        refused.message(),
        "the server refused the stored user name or password (SQLSTATE 28P01)"
    );
    prepare(&admin, &["drop role outage_user"]).await;
}

#[tokio::test]
async fn a_request_in_a_hurry_says_nothing_of_the_server() {
    // Nobody answers there.
    let (port, _listener) = silent().await;
    let target = target_of(&format!("postgres://postgres@127.0.0.1:{port}/postgres"));
    let options = support::options(1);
    let hurry = Deadline::after(Duration::from_millis(50));
    let connect = studio_multidb::backend::postgres::Client::connect(&target, &options, hurry);
    let error = connect.await.unwrap_err();
    assert_eq!((error.code(), error.endpoint_failure()), (Code::DbTimeout, None));
}
