//! A client of the server that is given, and statements for it.

use std::time::Duration;

use serde_json::Value;
use studio_multidb::backend::ConnectOptions;
use studio_multidb::backend::postgres::{Answer, Client, Parameter, Shape, Statement};
use studio_multidb::error::Error;
use studio_multidb::json::Writer;
use studio_multidb::target::{ChannelBinding, Endpoint, PostgresTarget};

use crate::fixtures::{self, given, soon};

pub(crate) fn target() -> Option<PostgresTarget> {
    given("TEST_POSTGRES_URL").map(|url| target_of(&url))
}

pub(crate) fn target_of(url: &str) -> PostgresTarget {
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

pub(crate) fn options(max_connections: u32) -> ConnectOptions {
    ConnectOptions { max_connections, ..fixtures::options() }
}

pub(crate) async fn client(max_connections: u32) -> Option<Client> {
    let client = Client::connect(&target()?, &options(max_connections), soon()).await;
    Some(client.expect("the server can be connected to"))
}

/// The same server by way of pgbouncer, whose clients all share one session.
pub(crate) async fn pooled(max_connections: u32) -> Option<Client> {
    let target = target_of(&given("TEST_PGBOUNCER_URL")?);
    let client = Client::connect(&target, &options(max_connections), soon()).await;
    Some(client.expect("the pooler can be connected to"))
}

/// Where pgbouncer leads to a database of that name, made here: its one session is shared by nobody
/// else's test.
pub(crate) async fn pooled_alone(database: &str) -> Option<PostgresTarget> {
    let mut target = target_of(&given("TEST_PGBOUNCER_URL")?);
    let admin = client(1).await.expect("the pooler's server is given as well");
    let _ = run(&admin, &statement(&format!("create database {database}"))).await;
    target.database = database.to_owned();
    Some(target)
}

/// Both ways to the server that are given.
pub(crate) async fn both(max_connections: u32) -> Vec<(&'static str, Client)> {
    let direct = client(max_connections).await.map(|client| ("direct", client));
    let pooled = pooled(max_connections).await.map(|client| ("pooled", client));
    direct.into_iter().chain(pooled).collect()
}

/// Runs statements whose answers are of no interest.
pub(crate) async fn prepare(client: &Client, statements: &[&str]) {
    for sql in statements {
        if let Err(error) = run(client, &statement(sql)).await {
            panic!("{sql}: {error}");
        }
    }
}

pub(crate) fn statement(sql: &str) -> Statement {
    Statement {
        sql: sql.to_owned(),
        parameters: Vec::new(),
        read_only: false,
        timeout: Duration::from_secs(10),
        max_rows: 1000,
        max_bytes: 64 << 20,
        shape: Shape::Objects,
        request_id: None,
    }
}

pub(crate) fn reading(sql: &str) -> Statement {
    Statement { read_only: true, ..statement(sql) }
}

pub(crate) fn parameters(json: &Value) -> Vec<Parameter> {
    let items: Vec<Box<serde_json::value::RawValue>> =
        serde_json::from_str(&json.to_string()).unwrap();
    items.into_iter().map(|i| Parameter::from_json(i).unwrap()).collect()
}

pub(crate) async fn run(client: &Client, statement: &Statement) -> Result<(Value, Answer), Error> {
    let mut out = Writer::new();
    let answer = client.query(statement, soon(), &mut out).await?;
    Ok((serde_json::from_slice(&out.into_bytes()).expect("rows are JSON"), answer))
}

pub(crate) async fn rows(client: &Client, statement: &Statement) -> Value {
    run(client, statement).await.unwrap().0
}
