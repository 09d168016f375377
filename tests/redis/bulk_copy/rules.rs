//! Which keys are copied, and who may have it done.

use serde_json::json;
use studio_multidb::target::DatabaseType;
use uuid::Uuid;

use super::{Pair, counts, end};
use crate::fixtures::{Records, asked_by, door, given, told};
use crate::recorder::Recorder;
use crate::registered::Registered;
use crate::rogue::serve_each;
use crate::support::{Admin, address, batch, connect, prefix};
use crate::transfer::fill;

#[tokio::test]
async fn keys_are_chosen_by_list_pattern_or_type() {
    let Some(pair) = Pair::beside().await else { return };
    let name = |name: &str| format!("{}{name}", pair.prefix);
    let client = connect(&pair.from_url).await;
    let (a, b, gone) = (name("a"), name("b"), name("gone"));
    batch(&client, &[&["SET", &a, "v"], &["RPUSH", &b, "v"]]).await;
    let records = pair.copy(json!({ "type": "list" })).await;
    assert_eq!(counts(&records), [1, 0, 0, 0], "{records:?}");
    let listed = json!({ "pattern": null, "keys": [a, b, gone] });
    assert_eq!(counts(&pair.copy(listed).await), [1, 2, 0, 0]);
    assert_eq!(pair.same().await, 2);
    pair.clean().await;
}

#[tokio::test]
async fn what_is_there_already_is_kept_told_replaced_or_ends_the_copy() {
    for same_generation in [true, false] {
        let (Some(url), Some(old)) = (given("TEST_REDIS_URL"), given("TEST_REDIS_62_URL")) else {
            return;
        };
        let to = if same_generation { format!("{url}/3") } else { format!("{old}/3") };
        let Some(pair) = Pair::of(&url, &to).await else { return };
        let name = |name: &str| format!("{}{name}", pair.prefix);
        let (a, b) = (name("a"), name("b"));
        let here = connect(&pair.from_url).await;
        let there = connect(&pair.to_url).await;
        batch(&here, &[&["RPUSH", &a, "new"], &["SET", &b, "new"]]).await;
        batch(&there, &[&["SET", &a, "old", "EX", "900"]]).await;

        let listed = json!({ "on_conflict": "fail", "pattern": null, "keys": [b, a] });
        let records = pair.copy(listed).await;
        assert_eq!(counts(&records), [0, 0, 1, 0], "{records:?}");
        let problem = told(&records, "problem")[0];
        assert_eq!((&problem["key"], &problem["code"]), (&json!(a), &json!("CONFLICT")));
        assert_eq!(end(&records)["ended_by"], "failure");
        assert_eq!(records.last().unwrap()["error"]["code"], "CONFLICT");
        let exists = batch(&there, &[&["EXISTS", &b]]).await;
        assert_eq!(exists[0]["ok"], 0, "none of the chunk is written");

        let refused = json!({ "on_conflict": "refuse", "pattern": null, "keys": [a] });
        let records = pair.copy(refused).await;
        assert_eq!(
            (counts(&records), &end(&records)["ended_by"]),
            ([0, 0, 1, 0], &json!("completion"))
        );
        let problem = told(&records, "problem")[0];
        assert_eq!((&problem["key"], &problem["code"]), (&json!(a), &json!("CONFLICT")));

        assert_eq!(counts(&pair.copy(json!({})).await), [1, 1, 0, 0]);
        let kept = batch(&there, &[&["GET", &a], &["GET", &b]]).await;
        assert_eq!((&kept[0]["ok"], &kept[1]["ok"]), (&json!("old"), &json!("new")));

        assert_eq!(counts(&pair.copy(json!({ "on_conflict": "replace" })).await), [2, 0, 0, 0]);
        let replaced = batch(&there, &[&["LRANGE", &a, "0", "-1"], &["TTL", &a]]).await;
        assert_eq!((&replaced[0]["ok"], &replaced[1]["ok"]), (&json!(["new"]), &json!(-1)));
        pair.clean().await;
    }
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_copied_and_writes_nothing() {
    let Some(pair) = Pair::beside().await else { return };
    let name = |name: &str| format!("{}{name}", pair.prefix);
    let (a, b) = (name("a"), name("b"));
    batch(&connect(&pair.from_url).await, &[&["SET", &a, "v"], &["SET", &b, "v"]]).await;
    batch(&connect(&pair.to_url).await, &[&["SET", &a, "old"]]).await;
    let records = pair.copy(json!({ "dry_run": true })).await;
    assert_eq!(counts(&records), [1, 1, 0, 0]);
    assert_eq!(told(&records, "preview")[0]["key"], b);
    let records = pair.copy(json!({ "dry_run": true, "on_conflict": "replace" })).await;
    assert_eq!(counts(&records), [2, 0, 0, 0]);
    assert_eq!(pair.contents().await.1.len(), 1);
    pair.clean().await;
}

#[tokio::test]
async fn a_copy_to_what_is_no_other_redis_of_the_project_is_refused() {
    let Some(pair) = Pair::beside().await else { return };
    let add = async |project: &str, name: &str, kind: DatabaseType, url: &str| {
        pair.registered.add(project, name, kind, url).await.to_string()
    };
    let same = format!("{}/0", pair.from_url.replace("127.0.0.1", "localhost"));
    let itself = add("alpha", "alias", DatabaseType::Redis, &same).await;
    let foreign = add("beta", "foreign", DatabaseType::Redis, &pair.to_url).await;
    let mongodb = given("TEST_MONGODB_URL").unwrap_or("mongodb://127.0.0.1:1".to_owned());
    let mongodb = add("alpha", "documents", DatabaseType::Mongodb, &mongodb).await;
    for (to, status, says) in [
        (pair.from.to_string(), 400, "is the connection that is copied from"),
        (itself, 400, "is the same database of the same server"),
        (foreign, 400, "is in another project"),
        (mongodb, 400, "is not a Redis connection"),
        (Uuid::new_v4().to_string(), 404, "there is no such"),
        ("next door".to_owned(), 400, "the id of the connection"),
    ] {
        let Err((got, answer)) = pair.open(json!({ "to": to })).await else { panic!("{says}") };
        assert_eq!(got, status, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(says), "{answer}");
    }
    let Err((status, _)) = pair.open(json!({ "pattern": "*", "confirm": null })).await else {
        panic!()
    };
    assert_eq!(status, 403, "everything must be confirmed");
}

#[tokio::test]
async fn the_user_must_be_allowed_to_write_there_and_to_read_here() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let settings = [("MULTIDB_AUTHORIZATION", "members")];
    let Some(registered) = Registered::start(&settings).await else { return };
    let from = registered.add("alpha", "from", DatabaseType::Redis, &url).await;
    let to = registered.add("alpha", "to", DatabaseType::Redis, &format!("{url}/3")).await;
    let far = registered.add("beta", "far", DatabaseType::Redis, &format!("{url}/4")).await;
    let (reader, writer) = (Uuid::new_v4(), Uuid::new_v4());
    registered.grant(reader, "read", from).await;
    registered.grant(reader, "read", to).await;
    registered.grant(writer, "read", from).await;
    registered.grant(writer, "write", to).await;
    let ask = async |user: Uuid, to: Uuid, dry_run: bool| {
        let keys = json!([prefix()]);
        let body = json!({ "action": "copy", "to": to, "keys": keys, "dry_run": dry_run });
        let request = door::request("POST", &format!("/redis/{from}/keys/bulk"), &body);
        Records::open(&registered.service, asked_by(&user, request)).await
    };
    let refused = async |user: Uuid, to: Uuid, dry_run: bool| {
        let (status, answer) = ask(user, to, dry_run).await.err().unwrap();
        (status, answer["message"].as_str().unwrap().to_owned())
    };
    let (status, message) = refused(reader, to, false).await;
    assert_eq!((status, &*message), (403, "to: this needs write permission; you have read"));
    assert_eq!(counts(&ask(reader, to, true).await.unwrap().all().await), [0, 1, 0, 0]);
    assert_eq!(counts(&ask(writer, to, false).await.unwrap().all().await), [0, 1, 0, 0]);
    let unknown = refused(writer, Uuid::new_v4(), false).await;
    assert_eq!(refused(writer, far, false).await, unknown, "as if it did not exist");
    assert_eq!(unknown.0, 404);
}

#[tokio::test]
async fn a_user_who_may_not_dump_or_restore_copies_another_way() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let address = address(&url);
    let mut admin = Admin::connect(address).await;
    for denied in ["-dump", "-restore", "-info"] {
        let user = prefix().replace(':', "");
        admin.done(&["ACL", "SETUSER", &user, "on", ">secret", "~*", "+@all", denied]).await;
        let narrow = format!("redis://{user}:secret@{address}");
        let Some(pair) = Pair::of(&narrow, &format!("{narrow}/3")).await else { return };
        fill(&url, &pair.prefix).await;
        let records = pair.copy(json!({})).await;
        assert_eq!(counts(&records), [16, 0, 0, 0], "{denied} {records:?}");
        assert_eq!(pair.same().await, 16, "{denied}");
        pair.clean().await;
        assert_eq!(admin.ask(&["ACL", "DELUSER", &user]).await, ":1");
    }
}

#[tokio::test]
async fn keys_that_the_user_may_not_have_are_named_with_the_reason() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let address = address(&url);
    let mut admin = Admin::connect(address).await;
    let Some(wide) = Pair::of(&url, &format!("{url}/3")).await else { return };
    let user = wide.prefix.replace(':', "");
    let own = format!("~{}own*", wide.prefix);
    admin.done(&["ACL", "SETUSER", &user, "on", ">secret", &own, "+@all"]).await;
    let narrow = format!("redis://{user}:secret@{address}/3");
    let to = wide.registered.add("alpha", "narrow", DatabaseType::Redis, &narrow).await;
    let (own, other) = (format!("{}own", wide.prefix), format!("{}other", wide.prefix));
    batch(&connect(&url).await, &[&["SET", &own, "v"], &["SET", &other, "v"]]).await;
    let records = wide.copy(json!({ "to": to, "on_conflict": "replace" })).await;
    assert_eq!(counts(&records), [1, 0, 1, 0], "{records:?}");
    let problem = told(&records, "problem")[0];
    assert_eq!((&problem["key"], &problem["code"]), (&json!(other), &json!("PERMISSION_DENIED")));
    assert_eq!(problem["outcome"], "not_applied");
    wide.clean().await;
    assert_eq!(admin.ask(&["ACL", "DELUSER", &user]).await, ":1");
}

/// A server that says that its one key is of a module, and answers `DUMP` with what it likes.
fn hostile(command: &[&str]) -> String {
    match command {
        ["SCAN", ..] => "*2\r\n$1\r\n0\r\n*2\r\n$8\r\ndocument\r\n$4\r\ntext\r\n".to_owned(),
        ["TYPE", "document"] => "+ReJSON-RL\r\n".to_owned(),
        ["TYPE", ..] => "+string\r\n".to_owned(),
        ["PTTL" | "PEXPIRETIME", ..] => ":-1\r\n".to_owned(),
        ["MEMORY", ..] => ":60\r\n".to_owned(),
        ["DBSIZE", ..] => ":2\r\n".to_owned(),
        ["STRLEN", ..] => ":1\r\n".to_owned(),
        ["GET" | "GETRANGE", ..] => "$1\r\nv\r\n".to_owned(),
        ["DUMP", ..] => "$4\r\nevil\r\n".to_owned(),
        ["INFO", ..] => "$0\r\n\r\n".to_owned(),
        ["TIME"] => "*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n".to_owned(),
        ["HELLO" | "CLIENT" | "PING", ..] => "+OK\r\n".to_owned(),
        _ => "-ERR unknown command\r\n".to_owned(),
    }
}

/// Whoever may register a source must not have a say in what another server restores.
#[tokio::test]
async fn what_a_source_dumps_is_never_restored_and_what_has_a_form_is_made_again() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let source = format!("redis://127.0.0.1:{}", serve_each(hostile).await);
    let recorder = Recorder::before(&url).await;
    let through = format!("{}/4", recorder.url());
    let Some(pair) = Pair::of(&source, &through).await else { return };
    for dry_run in [true, false] {
        let records = pair.copy(json!({ "on_conflict": "replace", "dry_run": dry_run })).await;
        assert_eq!(counts(&records), [1, 0, 1, 0], "{records:?}");
        let problem = told(&records, "problem")[0];
        let code = (&problem["key"], &problem["code"]);
        assert_eq!(code, (&json!("document"), &json!("OPERATION_NOT_ALLOWED")));
    }
    assert!(!recorder.names().contains("RESTORE"), "{:?}", recorder.names());
    batch(&connect(&format!("{url}/4")).await, &[&["DEL", "text"]]).await;
}
