//! What the table of operations says of an operation is what happens to its limit and its cache,
//! for each of them. Nothing is listening where the connections go: what is asked here is what happens
//! around the work.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::dispatch::{Caller, execute};
use crate::access::User;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::operations;
use crate::outcome::Outcome;
use crate::permission::Permission;
use crate::registry::direct::Direct;
use crate::request::context::Accept;
use crate::request::effect::{Declared, Effect, Known};
use crate::request::operation::{Operation, Subject, Takes};
use crate::request::params::Params;
use crate::request::reply::Reply;
use crate::request::upload::Upload;
use crate::service::Service;
use crate::target::DatabaseType;

/// Bodies of the operations whose input decides, with what each does and costs.
fn examples(name: &str) -> Vec<(Effect, u32, Value)> {
    use Effect::{Reads, Writes};
    let get = json!(["GET", "a"]);
    let many = [&["MGET"][..], &["a"; 400]].concat();
    match name {
        "redis.command" => vec![
            (Reads, 2, json!({ "args": ["GET", "a"] })),
            (Reads, 2, json!({ "line": "hgetall a" })),
            (Reads, 5, json!({ "args": many })),
            (Reads, 20, json!({ "args": ["KEYS", "*"], "confirm": true })),
            (Writes, 2, json!({ "args": ["SET", "a", "b"] })),
            (Writes, 2, json!({ "args": ["GETDEL", "a"] })),
            (Writes, 2, json!({ "args": ["SORT", "a", "STORE", "b"] })),
            (Writes, 20, json!({ "args": ["FLUSHALL"], "confirm": true })),
            (Writes, 20, json!({ "args": ["EVAL", "return 1", "0"], "confirm": true })),
        ],
        "redis.batch" => vec![
            (Reads, 1, json!({ "commands": [] })),
            (Reads, 3, json!({ "commands": [&get, &get, &get] })),
            (Reads, 1, json!({ "commands": [&get, ["FLUSHALL"]] })),
            (Writes, 2, json!({ "commands": [&get, ["INCR", "a"]] })),
        ],
        "redis.bulk" => vec![
            (Reads, 20, json!({ "action": "delete", "pattern": "a:*", "dry_run": true })),
            (Writes, 20, json!({ "action": "delete", "pattern": "a:*" })),
            (Writes, 23, json!({ "action": "persist", "keys": vec!["a"; 300] })),
            (Writes, 20, json!({ "action": "copy", "pattern": "a:*", "to": Uuid::nil() })),
        ],
        "redis.import" | "mongodb.documents.import" => {
            vec![(Reads, 20, json!({ "dry_run": true })), (Writes, 20, json!({}))]
        }
        "postgres.query" => vec![
            (Reads, 5, json!({ "query": "select 1", "read_only": true })),
            (Writes, 5, json!({ "query": "create table t ()" })),
        ],
        "http.request" => vec![
            (Reads, 2, json!({ "path": "a" })),
            (Reads, 2, json!({ "path": "a", "method": "HEAD" })),
            (Writes, 2, json!({ "path": "a", "method": "POST" })),
            (Writes, 2, json!({ "path": "a", "method": "OPTIONS" })),
        ],
        "mongodb.aggregate" => vec![
            (Reads, 10, json!({ "pipeline": [{ "$match": {} }] })),
            (Writes, 20, json!({ "pipeline": [{ "$out": "b" }], "confirm": true })),
            (Writes, 20, json!({ "pipeline": [{ "$merge": { "into": "b" } }], "confirm": true })),
        ],
        "mongodb.documents.bulk" => {
            let delete = json!({ "deleteOne": { "filter": { "a": 1 } } });
            vec![
                (Reads, 11, json!({ "bulkWrite": vec![&delete; 10], "dry_run": true })),
                (Writes, 10, json!({ "bulkWrite": [delete] })),
                (Writes, 40, json!({ "bulkWrite": vec![&delete; 300] })),
                (Writes, 10, json!({ "deleteMany": { "filter": { "a": 1 } } })),
            ]
        }
        _ => Vec::new(),
    }
}

/// Every operation with what it should be found to do, and with each of its examples.
fn matrix() -> Vec<(&'static Operation, Effect, u32, Value)> {
    let mut all = Vec::new();
    for operation in operations::all() {
        let examples = examples(operation.name);
        match operation.effect {
            Declared::Reads => all.push((operation, Effect::Reads, operation.cost, json!({}))),
            Declared::Writes => all.push((operation, Effect::Writes, operation.cost, json!({}))),
            Declared::ByInput => {
                for effect in [Effect::Reads, Effect::Writes] {
                    let has = examples.iter().any(|(does, ..)| *does == effect);
                    assert!(has, "{} has no example of {effect:?}", operation.name);
                }
                all.extend(examples.into_iter().map(|(e, cost, body)| (operation, e, cost, body)));
            }
        }
    }
    all
}

fn service(options: Value) -> Arc<Service> {
    let Value::Object(mut options) = options else { panic!("options are an object") };
    let fast: Map<_, _> = [("connectTimeoutMs", 300), ("requestTimeoutMs", 1500)]
        .into_iter()
        .map(|(name, ms)| (name.to_owned(), json!(ms)))
        .collect();
    options.extend(fast);
    Service::shared(Config::from_env(|_| None, &options).unwrap()).unwrap()
}

/// A target on a port that nobody listens on.
fn nowhere(database_type: DatabaseType) -> Direct {
    let url = match database_type {
        DatabaseType::Redis => "redis://127.0.0.1:1",
        DatabaseType::Mongodb => "mongodb://127.0.0.1:1",
        DatabaseType::Postgres => "postgres://a:b@127.0.0.1:1/c",
        DatabaseType::BunApi => "http://127.0.0.1:1",
    };
    let target = json!({ "type": database_type.as_str(), "connection_string": url });
    Direct::parse(&target.to_string()).unwrap()
}

async fn ask(
    service: &Arc<Service>,
    operation: &'static Operation,
    body: &Value,
    user: &str,
) -> Result<Reply> {
    let mut params = Params::default();
    let direct = match operation.subject {
        Subject::Connection(database_type) => Some(nowhere(database_type)),
        _ => None,
    };
    for name in ["scope", "id", "db", "coll", "key", "name", "job", "opid"] {
        let selector = direct.is_some() && matches!(name, "scope");
        if operation.path.contains(&format!("{{{name}}}")) && !selector {
            let value = if name == "id" { Uuid::nil().to_string() } else { "default".to_owned() };
            params.text(name, value).unwrap();
        }
    }
    params.body(body.to_string().as_bytes()).unwrap();
    let caller = Caller {
        user: Some(User { id: user.to_owned() }),
        request_id: "controls".into(),
        fresh: false,
        direct,
        is_operator: false,
        accept: Accept::Json,
        upload: (operation.takes == Takes::Upload).then(|| Upload::whole(b"{}\n")),
    };
    execute(service, operation, params, caller).await
}

fn is_of_the_limit(result: &Result<Reply>) -> bool {
    let told = |e: &Error| e.message().contains("the shared rate limit can't be checked");
    result.as_ref().is_err_and(told)
}

#[tokio::test]
async fn without_the_shared_store_what_writes_is_refused_and_what_reads_goes_on() {
    let service =
        service(json!({ "sharedRedisUrl": "redis://127.0.0.1:1", "rateLimit": "100000/60s" }));
    for (operation, effect, _, body) in matrix() {
        let result = ask(&service, operation, &body, "anna").await;
        let (name, refused) = (operation.name, is_of_the_limit(&result));
        assert_eq!(refused, effect == Effect::Writes, "{name} {body}: {result:?}");
        if let Err(error) = result {
            assert_eq!(error.known_outcome(), Outcome::NotApplied, "{name} {body}");
        }
    }
}

#[tokio::test]
async fn cached_answers_are_forgotten_after_what_writes_and_only_then() {
    let service = service(json!({ "rateLimit": "off" }));
    for (operation, effect, _, body) in matrix() {
        let Subject::Connection(database_type) = operation.subject else { continue };
        let direct = nowhere(database_type);
        let connection =
            direct.connection(&service.config, &service.registry, database_type).unwrap();
        let key = || {
            let of = (connection.id, connection.version);
            service.answers.key("any", of, Permission::Admin, String::new())
        };
        let before = key();
        let _ = ask(&service, operation, &body, "anna").await;
        assert_eq!(key() != before, effect == Effect::Writes, "{} {body}", operation.name);
    }
}

#[tokio::test]
async fn a_request_costs_what_it_does() {
    let ping = operations::all().find(|o| o.name == "redis.get").unwrap();
    assert_eq!(ping.cost, 1);
    for (operation, _, cost, body) in matrix() {
        if operation.effect != Declared::ByInput {
            continue;
        }
        for (limit, is_spent) in [(cost, true), (cost + 1, false)] {
            let limited = service(json!({ "rateLimit": format!("{limit}/3600s") }));
            let user = Uuid::new_v4().to_string();
            let first = ask(&limited, operation, &body, &user).await;
            let code = first.err().map(|error| error.code());
            assert_ne!(code, Some(Code::RateLimited), "{} {body}", operation.name);
            let next = ask(&limited, ping, &json!({}), &user).await;
            let code = next.err().map(|error| error.code());
            let spent = code == Some(Code::RateLimited);
            assert_eq!(spent, is_spent, "{} {body} costs {cost}", operation.name);
        }
    }
}

#[tokio::test]
async fn what_is_dearer_than_the_limit_still_runs_once() {
    let service = service(json!({ "rateLimit": "5/3600s" }));
    let batch = operations::all().find(|o| o.name == "redis.batch").unwrap();
    let body = json!({ "commands": vec![["GET", "a"]; 50] });
    let first = ask(&service, batch, &body, "dora").await.unwrap_err();
    assert_ne!(first.code(), Code::RateLimited);
    let second = ask(&service, batch, &body, "dora").await.unwrap_err();
    assert_eq!(second.code(), Code::RateLimited);
}

#[tokio::test]
async fn a_user_has_one_allowance_however_the_id_is_spelt() {
    let service = service(json!({ "rateLimit": "4/3600s" }));
    let get = operations::all().find(|o| o.name == "redis.get").unwrap();
    let id = Uuid::from_u128(0xabcd_ef00_1234_5678_9abc_def0_1234_5678);
    let spelt = [
        id.to_string(),
        id.to_string().to_uppercase(),
        id.simple().to_string(),
        id.braced().to_string(),
    ];
    for user in &spelt {
        let code = ask(&service, get, &json!({}), user).await.unwrap_err().code();
        assert_ne!(code, Code::RateLimited);
    }
    for user in &spelt {
        let code = ask(&service, get, &json!({}), user).await.unwrap_err().code();
        assert_eq!(code, Code::RateLimited);
    }
}

#[test]
fn the_lost_answer_of_what_only_reads_leaves_nothing_unknown() {
    let lost = || Error::unreachable("lost").outcome(Outcome::Unknown);
    let cases = [
        (Declared::Reads, None, Outcome::NotApplied),
        (Declared::Writes, None, Outcome::Unknown),
        (Declared::ByInput, None, Outcome::NotApplied),
        (Declared::ByInput, Some(Effect::Reads), Outcome::NotApplied),
        (Declared::ByInput, Some(Effect::Writes), Outcome::Unknown),
        (Declared::Writes, Some(Effect::Reads), Outcome::Unknown),
    ];
    for (declared, told, outcome) in cases {
        let known = Known::of(declared);
        if let Some(told) = told {
            known.tell(told);
        }
        assert_eq!(known.lost(), outcome, "{declared:?} {told:?}");
        assert_eq!(known.settle(lost()).known_outcome(), outcome, "{declared:?} {told:?}");
    }
}

#[test]
fn what_needs_more_than_reading_or_is_no_get_says_what_it_does() {
    for operation in operations::all() {
        let by_method = operation.method.effect();
        if operation.permission == Permission::Write {
            assert_ne!(operation.effect, Declared::Reads, "{}", operation.name);
        }
        // A name that reads by permission and writes by method was forgotten in the table.
        if operation.permission == Permission::Read && by_method == Declared::Writes {
            assert_ne!(operation.effect, Declared::Writes, "{}", operation.name);
        }
    }
}
