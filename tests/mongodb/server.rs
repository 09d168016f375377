//! The server itself, through HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mongodb::bson::{DateTime, Document, doc};
use serde_json::{Value, json};

use super::api::{Api, api};
use super::fake::{Answer, Fake, cursor};

fn denied() -> Answer {
    Answer::With(doc! { "ok": 0.0, "code": 13, "codeName": "Unauthorized",
    "errmsg": "not authorized on admin to execute command" })
}

async fn get(api: &Api, path: &str, query: &str) -> Value {
    let (status, answer) = api.at("GET", &format!("{path}?{query}"), Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_tells_its_version_its_figures_and_our_connections() {
    let Some(api) = api("server_status").await else { return };
    let server = get(&api, "/server", "").await;
    assert!(server["version"].is_string() && server["uptime_seconds"].is_number(), "{server}");
    assert!(server["opcounters"]["insert"].is_number(), "{server}");
    assert!(server["pool"]["open"].as_u64().unwrap() > 0, "{server}");
    assert_eq!((&server["pool"]["max"], &server["warnings"]), (&json!(10), &json!([])));
    let operations = get(&api, "/operations", "").await;
    assert!(operations["operations"].is_array() && operations["truncated"] == json!(false));
    let profile = get(&api, "/databases/studio_multidb_test/profile", "").await;
    assert_eq!((&profile["level"], &profile["records"]), (&json!(0), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_few_rights_sees_what_it_may_and_reads_what_is_missing() {
    let hello = doc! { "isWritablePrimary": true, "setName": "rs0", "hosts": ["127.0.0.1:1"] };
    let fake = Fake::start(hello, |name, _| match name {
        "buildInfo" => Answer::With(doc! { "version": "6.0.19", "gitVersion": "abc",
        "modules": ["enterprise"], "bits": 64, "ok": 1.0 }),
        "serverStatus" | "replSetGetStatus" => denied(),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&format!("{}?directConnection=true", fake.url()), "c");
    let server = get(&api, "/server", "").await;
    assert_eq!(server["version"], "6.0.19");
    assert_eq!(server["modules"], json!(["enterprise"]));
    assert_eq!(server["topology"], "replica_set");
    assert_eq!(server["replication"]["state"], "primary");
    assert!(server["connections"].is_null() && server["cache"].is_null());
    let warnings = server["warnings"].as_array().unwrap();
    let fields: Vec<&str> = warnings.iter().map(|w| w["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["status", "members"]);
    // Up to 30 seconds old, unless a fresh one is asked for.
    get(&api, "/server", "").await;
    assert_eq!(fake.asked("serverStatus").len(), 1);
}

/// An operation as MongoDB 7.0 tells of it.
fn running(opid: i32) -> Document {
    doc! {
        "type": "op", "host": "h:27017", "desc": "conn7", "connectionId": 7,
        "client": "10.0.0.1:5000", "appName": "mongosh", "active": true, "opid": opid,
        "currentOpTime": "2024-05-01T00:00:00.000+00:00",
        "effectiveUsers": [{ "user": "ada", "db": "admin" }],
        "secs_running": 12_i64, "microsecs_running": 12_000_000_i64, "op": "query",
        "ns": "app.people", "planSummary": "COLLSCAN", "numYields": 90, "waitingForLock": false,
        "command": { "find": "people", "filter": { "pin": "1234" }, "$db": "app",
            "lsid": { "id": "x" } },
    }
}

/// A server that runs an operation until it is killed.
async fn busy(operation: Document) -> (Fake, Api) {
    let killed = Arc::new(AtomicBool::new(false));
    let fake = Fake::standalone(move |name, _| match name {
        "aggregate" if killed.load(Ordering::SeqCst) => cursor(0, vec![]),
        "aggregate" => cursor(0, vec![operation.clone()]),
        "killOp" => {
            killed.store(true, Ordering::SeqCst);
            Answer::With(doc! { "info": "attempting to kill op", "ok": 1.0 })
        }
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    (fake, api)
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_shown_without_what_they_look_for() {
    let (fake, api) = busy(running(5)).await;
    let shown = get(&api, "/operations", "min_seconds=3&ns=app&limit=7").await;
    let operation = &shown["operations"][0];
    assert_eq!((&operation["opid"], &operation["seconds"]), (&json!(5), &json!(12)));
    assert_eq!(operation["users"], json!(["ada@admin"]));
    let command = json!({ "find": "people", "filter": { "pin": "?" }, "$db": "app" });
    assert_eq!(operation["command"], command);
    assert_eq!((&operation["own"], &operation["internal"]), (&json!(false), &json!(false)));
    let shown = get(&api, "/operations", "values=true&idle=true").await;
    assert_eq!(shown["operations"][0]["command"]["filter"]["pin"], "1234");

    let asked = fake.asked("aggregate");
    let stages = asked[0].get_array("pipeline").unwrap();
    let source = stages[0].as_document().unwrap().get_document("$currentOp").unwrap();
    let all = doc! { "allUsers": true, "idleConnections": false, "idleSessions": false };
    assert_eq!(source, &all);
    let matched = format!("{}", stages[1]);
    assert!(matched.contains("secs_running") && matched.contains("\"app.\""), "{matched}");
    // One more tells whether there are more.
    assert_eq!(stages.last().unwrap().as_document().unwrap().get_i64("$limit").unwrap(), 8);
    assert!(asked[0].get_i32("maxTimeMS").unwrap() > 0);
    assert_eq!(api.at("GET", "/operations?limit=1001", Value::Null).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_the_right_sees_its_own_operations() {
    let fake = Fake::standalone(|name, command| match name {
        "aggregate" => {
            let source = command.get_array("pipeline").unwrap()[0].as_document().unwrap().clone();
            if source.get_document("$currentOp").unwrap().get_bool("allUsers").unwrap() {
                denied()
            } else {
                cursor(0, vec![running(5)])
            }
        }
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let shown = get(&api, "/operations", "").await;
    assert_eq!(shown["operations"][0]["opid"], 5);
    assert_eq!(shown["warnings"][0]["code"], "PERMISSION_DENIED");
    let message = shown["warnings"][0]["message"].as_str().unwrap();
    assert!(message.contains("own user"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_the_stage_is_asked_with_the_command() {
    let fake = Fake::standalone(|name, _| match name {
        "aggregate" => Answer::With(doc! { "ok": 0.0, "code": 40_324,
        "errmsg": "Unrecognized pipeline stage name: '$currentOp'" }),
        "currentOp" => Answer::With(doc! { "inprog": [running(5)], "ok": 1.0 }),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    assert_eq!(get(&api, "/operations", "").await["operations"][0]["opid"], 5);
    assert!(fake.asked("currentOp")[0].get_bool("$ownOps").unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_ended_once_and_told_whether_it_is_gone() {
    let (fake, api) = busy(running(5)).await;
    let (status, answer) = api.at("DELETE", "/operations/5", Value::Null).await;
    assert_eq!((status, &answer["data"]["ended"]), (200, &json!(true)), "{answer}");
    assert_eq!(answer["data"]["operation"]["ns"], "app.people");
    let kills = fake.asked("killOp");
    assert_eq!((kills.len(), kills[0].get_i32("op").unwrap()), (1, 5));
    let (status, answer) = api.at("DELETE", "/operations/5", Value::Null).await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!("DB_NOT_FOUND")));
    assert_eq!(fake.asked("killOp").len(), 1);
    for wrong in ["abc", "1.5", "%7B%7D", ":7"] {
        let (status, _) = api.at("DELETE", &format!("/operations/{wrong}"), Value::Null).await;
        assert_eq!(status, 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_of_a_shard_is_ended_by_its_name() {
    let mut operation = running(5);
    operation.insert("opid", "shard01:5");
    operation.remove("client");
    operation.insert("client_s", "10.0.0.1:5000");
    let (fake, api) = busy(operation).await;
    let (status, answer) = api.at("DELETE", "/operations/shard01:5", Value::Null).await;
    assert_eq!((status, &answer["data"]["operation"]["opid"]), (200, &json!("shard01:5")));
    assert_eq!(fake.asked("killOp")[0].get_str("op").unwrap(), "shard01:5");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_runs_for_itself_is_not_ended() {
    let operation = doc! { "type": "op", "host": "h", "desc": "ReplBatcher", "active": true,
    "opid": 9, "op": "none", "ns": "", "command": {} };
    let (fake, api) = busy(operation).await;
    let shown = get(&api, "/operations", "").await;
    assert_eq!(shown["operations"][0]["internal"], true);
    let (status, answer) = api.at("DELETE", "/operations/9", Value::Null).await;
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("OPERATION_NOT_ALLOWED")));
    assert!(fake.asked("killOp").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_an_ending_is_unknown_and_not_sent_again() {
    let fake = Fake::standalone(|name, _| match name {
        "aggregate" => cursor(0, vec![running(5)]),
        "killOp" => Answer::Close,
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let (status, answer) = api.at("DELETE", "/operations/5", Value::Null).await;
    assert_eq!((status, &answer["error"]["outcome"]), (503, &json!("unknown")), "{answer}");
    assert_eq!(fake.asked("killOp").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_the_profiler_come_page_by_page_from_the_newest_on() {
    let record = |millis: i64| {
        doc! { "op": "query", "ns": "app.people", "millis": millis, "planSummary": "COLLSCAN",
        "command": { "find": "people", "filter": { "pin": "1234" }, "$db": "app" },
        "ts": DateTime::from_millis(1_700_000_000_000) }
    };
    let fake = Fake::standalone(move |name, command| match name {
        "profile" => Answer::With(doc! { "was": 1, "slowms": 100, "sampleRate": 0.5, "ok": 1.0 }),
        "find" => match command.get_i64("skip") {
            Ok(0) => cursor(0, vec![record(9), record(8), record(7)]),
            _ => cursor(0, vec![record(7)]),
        },
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let path = "/databases/app/profile";
    let page = get(&api, path, "limit=2&min_ms=5&coll=people&op=query").await;
    assert_eq!(
        (&page["level"], &page["slow_ms"], &page["sample_rate"]),
        (&json!(1), &json!(100), &json!(0.5))
    );
    let times: Vec<&Value> =
        page["records"].as_array().unwrap().iter().map(|r| &r["milliseconds"]).collect();
    assert_eq!(times, [&json!(9), &json!(8)]);
    assert_eq!(page["records"][0]["command"]["filter"]["pin"], "?");
    let next = page["cursor"].as_str().unwrap();
    let page = get(&api, path, &format!("limit=2&cursor={next}")).await;
    assert_eq!(page["records"].as_array().unwrap().len(), 1);
    assert!(page["cursor"].is_null());

    let asked = fake.asked("find");
    assert_eq!(asked[0].get_document("sort").unwrap(), &doc! { "ts": -1 });
    assert_eq!(asked[1].get_i64("skip").unwrap(), 2);
    let filter = asked[0].get_document("filter").unwrap().to_string();
    assert!(
        filter.contains("\"$ne\": \"app.system.profile\"") && filter.contains("\"$gte\": 5"),
        "{filter}"
    );
    assert_eq!(fake.asked("profile")[0].get_i32("profile").unwrap(), -1, "nothing is set");
    for query in ["limit=0", "cursor=x", "level=2"] {
        assert_eq!(api.at("GET", &format!("{path}?{query}"), Value::Null).await.0, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_does_not_hold_the_answer() {
    let fake = Fake::standalone(|name, _| match name {
        "serverStatus" => Answer::Never,
        _ => Answer::Done,
    })
    .await;
    let api = Api::within(Duration::from_millis(700), &fake.url(), "c");
    let (status, answer) = api.at("GET", "/server", Value::Null).await;
    // What was told in time is shown.
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"]["warnings"][0]["code"], "DB_TIMEOUT");
}
