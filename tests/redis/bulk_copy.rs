//! Copying many keys to another registered connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use studio_multidb::access::User;
use studio_multidb::service::Service;
use studio_multidb::target::DatabaseType;
use uuid::Uuid;

use crate::http::service;
use crate::proxy::Proxy;
use crate::registered::Registered;
use crate::streams::{Records, Sent, told};
use crate::support::{
    Admin, SLOTS, batch, command, connect, eventually, prefix, raw_command, server,
};
use crate::transfer::{content, export, fill, forget, parsed};

/// Two connections, and what looks at each by itself.
struct Pair {
    registered: Registered,
    from: Uuid,
    to: Uuid,
    source: Arc<Service>,
    target: Arc<Service>,
    from_url: String,
    to_url: String,
    prefix: String,
}

impl Pair {
    async fn of(from_url: &str, to_url: &str) -> Option<Self> {
        let registered = Registered::start(&[]).await?;
        let from = registered.add("alpha", "from", DatabaseType::Redis, from_url).await;
        let to = registered.add("alpha", "to", DatabaseType::Redis, to_url).await;
        Some(Self {
            registered,
            from,
            to,
            source: service(from_url),
            target: service(to_url),
            from_url: from_url.to_owned(),
            to_url: to_url.to_owned(),
            prefix: prefix(),
        })
    }

    /// Two databases of one server.
    async fn beside() -> Option<Self> {
        let url = server("TEST_REDIS_URL")?;
        Self::of(&url, &format!("{url}/3")).await
    }

    fn pattern(&self) -> String {
        format!("{}*", self.prefix)
    }

    async fn open(&self, more: Value) -> Result<Records, (u16, Value)> {
        let body = json!({ "action": "copy", "to": self.to, "pattern": self.pattern() });
        let body = merged(body, more);
        let scope = Some(self.from.to_string());
        let sent = Sent { body, scope, ..Sent::default() };
        Records::open(&self.registered.service, "POST", "/keys/bulk", sent).await
    }

    /// The same once it can begin: after a cut the connection is tried again in a moment.
    async fn begin(&self, more: Value) -> Records {
        let mut opened = None;
        eventually("a copy that begins", async || {
            opened = self.open(more.clone()).await.ok();
            opened.is_some()
        })
        .await;
        opened.unwrap()
    }

    async fn copy(&self, more: Value) -> Vec<Value> {
        self.open(more).await.unwrap().all().await
    }

    /// What both have, without the times that clocks decide.
    async fn contents(&self) -> (Vec<String>, Vec<String>) {
        let query = format!("pattern={}", self.pattern());
        let (from, to) = (export(&self.source, &query).await, export(&self.target, &query).await);
        // What was put together and could not be deleted goes by itself.
        let is_meant = |key: &String| !key.contains(":import-");
        // SCAN may name a key twice while others come and go.
        let (mut from, mut to) = (comparable(&from), comparable(&to));
        from.dedup();
        to.retain(is_meant);
        to.dedup();
        (from, to)
    }

    /// That both have the same keys, and when these expire where the server tells it exactly; how many.
    async fn same(&self) -> usize {
        let (from, to) = self.contents().await;
        let mut exact = true;
        for url in [&self.from_url, &self.to_url] {
            let time = ["PEXPIRETIME", &self.prefix];
            exact &= command(&connect(url).await, &time).await.is_ok();
        }
        if exact {
            assert_eq!(from, to);
        } else {
            assert_alike(&from, &to);
        }
        from.len()
    }

    async fn clean(&self) {
        forget(&self.source, &self.pattern()).await;
        forget(&self.target, &self.pattern()).await;
    }
}

fn merged(mut body: Value, more: Value) -> Value {
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        for (name, value) in more {
            match value {
                Value::Null => drop(body.remove(&name)),
                value => drop(body.insert(name, value)),
            }
        }
    }
    body
}

/// Members of sets and the like in one order; times of deliveries, which only servers know, left out.
fn comparable(lines: &[Vec<u8>]) -> Vec<String> {
    let lines: Vec<Vec<u8>> = parsed(lines)
        .into_iter()
        .map(|mut line| {
            let unordered = ["set", "hash", "zset"].iter().any(|kind| line["type"] == **kind);
            let members = line.get_mut("value").and_then(Value::as_array_mut);
            if let Some(members) = members.filter(|_| unordered) {
                members.sort_by_key(ToString::to_string);
            }
            let pending = line.get_mut("pending").and_then(|pending| pending.get_mut("deliveries"));
            for delivery in pending.and_then(Value::as_array_mut).into_iter().flatten() {
                delivery.as_object_mut().unwrap().remove("at");
            }
            serde_json::to_vec(&line).unwrap()
        })
        .collect();
    content(&lines)
}

/// The `end` record, whose counts are exact.
fn end(records: &[Value]) -> &Value {
    let end = told(records, "end")[0];
    let count = |name: &str| end[name].as_u64().unwrap();
    let became = count("done") + count("skipped") + count("failed") + count("unknown");
    assert_eq!(count("matched"), became, "{end}");
    let problems = told(records, "problem").len() as u64 + count("problems_untold");
    assert_eq!(problems, count("failed") + count("unknown"), "{records:?}");
    end
}

fn counts(records: &[Value]) -> [u64; 4] {
    let end = end(records);
    ["done", "skipped", "failed", "unknown"].map(|name| end[name].as_u64().unwrap())
}

#[tokio::test]
async fn every_type_arrives_as_it_was_with_its_time_to_live() {
    let Some(pair) = Pair::beside().await else { return };
    fill(&pair.from_url, &pair.prefix).await;
    let records = pair.copy(json!({})).await;
    assert_eq!((&records[0]["action"], &records[0]["dry_run"]), (&json!("copy"), &json!(false)));
    assert_eq!(counts(&records), [16, 0, 0, 0], "{records:?}");
    assert_eq!(end(&records)["ended_by"], "completion");
    assert_eq!(pair.same().await, 16);
    pair.clean().await;
}

#[tokio::test]
async fn fields_of_hashes_keep_their_times() {
    let Some(pair) = Pair::beside().await else { return };
    let hash = format!("{}hash", pair.prefix);
    raw_command(&pair.from_url, &[b"HSET", hash.as_bytes(), b"a", b"1", b"b", b"2"]).await;
    let expire = [b"HPEXPIRE", hash.as_bytes(), b"900000", b"FIELDS", b"1", b"a"];
    let answer = raw_command(&pair.from_url, &expire).await;
    if answer.contains("unknown command") {
        return pair.clean().await;
    }
    assert_eq!(counts(&pair.copy(json!({})).await), [1, 0, 0, 0]);
    let (from, to) = pair.contents().await;
    assert!(from[0].contains("field_expires"), "{from:?}");
    assert_eq!(from, to);
    pair.clean().await;
}

/// From each generation to each other, whether or not one can read the dumps of the other.
#[tokio::test]
async fn every_type_gets_to_servers_of_other_generations() {
    for (from, to) in [
        ("TEST_REDIS_URL", "TEST_REDIS_62_URL"),
        ("TEST_REDIS_62_URL", "TEST_REDIS_URL"),
        ("TEST_REDIS_70_URL", "TEST_REDIS_62_URL"),
    ] {
        let (Some(from), Some(to)) = (server(from), server(to)) else { continue };
        let Some(pair) = Pair::of(&from, &format!("{to}/3")).await else { return };
        fill(&from, &pair.prefix).await;
        let large = large(&pair).await;
        let records = pair.copy(json!({})).await;
        // What SCAN names twice is there already.
        let [done, _, failed, unknown] = counts(&records);
        assert_eq!((done, failed, unknown), (16 + large, 0, 0), "{from} {to} {records:?}");
        pair.same().await;
        pair.clean().await;
    }
}

/// The same but for members that not every generation has; and they expire at about the same times.
fn assert_alike(from: &[String], to: &[String]) {
    let but = ["entries_added", "max_deleted_id", "entries_read", "expires_at"];
    assert_eq!(without(from, &but), without(to, &but));
    let times = |lines: &[String]| -> Vec<i64> {
        let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| line[0]["expires_at"].as_i64().unwrap_or(0)).collect()
    };
    let off: Vec<u64> =
        times(from).into_iter().zip(times(to)).map(|(a, b)| a.abs_diff(b)).collect();
    assert!(off.iter().all(|&ms| ms < 2_000), "{off:?}");
}

/// Values that are read in several pieces where they can't be dumped; how many keys.
async fn large(pair: &Pair) -> u64 {
    let client = connect(&pair.from_url).await;
    let name = |name: &str| format!("{}{name}", pair.prefix);
    let text = "añ".repeat(400_000);
    batch(&client, &[&["SET", &name("long"), &text, "EX", "4000"]]).await;
    let element = "e".repeat(200);
    let (list, stream) = (name("list"), name("log"));
    for from in (0..5_000).step_by(500) {
        let elements: Vec<String> = (from..from + 500).map(|i| format!("{i}{element}")).collect();
        let mut push = vec!["RPUSH", &list];
        push.extend(elements.iter().map(String::as_str));
        let mut commands: Vec<Vec<&str>> = vec![push];
        for element in &elements {
            commands.push(vec!["XADD", &stream, "*", "f", element]);
        }
        let commands: Vec<&[&str]> = commands.iter().map(Vec::as_slice).collect();
        assert!(batch(&client, &commands).await.iter().all(|result| result.get("ok").is_some()));
    }
    3
}

/// Lines of keys, their parts put together, without members that not every generation has, or that
/// clocks decide.
fn without(keys: &[String], names: &[&str]) -> Vec<String> {
    let mut bare = Vec::new();
    for key in keys {
        let lines: Vec<Value> = serde_json::from_str(key).unwrap();
        let mut whole = lines[0].clone();
        let (mut text, mut elements, mut pending) = (String::new(), Vec::new(), Vec::new());
        for line in &lines {
            for value in [&line["value"], &line["part"]] {
                match value {
                    Value::String(part) => text.push_str(part),
                    Value::Array(part) => elements.extend(part.clone()),
                    other => elements.push(other.clone()),
                }
            }
            pending.push(line["pending"].clone());
        }
        let whole = whole.as_object_mut().unwrap();
        whole.retain(|name, _| !["value", "more", "stream"].contains(&name.as_str()));
        let mut stream = lines[0]["stream"].clone();
        for place in [Some(whole), stream.as_object_mut()].into_iter().flatten() {
            place.retain(|name, _| !names.contains(&name.as_str()));
        }
        for group in stream["groups"].as_array_mut().into_iter().flatten() {
            group.as_object_mut().unwrap().retain(|name, _| !names.contains(&name.as_str()));
        }
        elements.retain(|element| !element.is_null());
        pending.retain(|pending| !pending.is_null());
        bare.push(
            json!([lines[0]["key"], lines[0]["type"], text, elements, stream, pending]).to_string(),
        );
    }
    bare
}

#[tokio::test]
async fn a_cluster_is_copied_to_a_server_and_back() {
    let _still = SLOTS.read().await;
    let (Some(one), Some(cluster)) = (server("TEST_REDIS_URL"), server("TEST_REDIS_CLUSTER_URL"))
    else {
        return;
    };
    for (from, to) in [(&cluster, &one), (&one, &cluster)] {
        let Some(pair) = Pair::of(from, to).await else { return };
        fill(from, &pair.prefix).await;
        let client = connect(from).await;
        let keys: Vec<String> = (0..600).map(|i| format!("{}many{i}", pair.prefix)).collect();
        let sets: Vec<[&str; 3]> = keys.iter().map(|key| ["SET", key, "v"]).collect();
        let sets: Vec<&[&str]> = sets.iter().map(<[&str; 3]>::as_slice).collect();
        batch(&client, &sets).await;
        let records = pair.copy(json!({})).await;
        assert_eq!(counts(&records), [616, 0, 0, 0], "{records:?}");
        assert_eq!(pair.same().await, 616);
        pair.clean().await;
    }
}

#[tokio::test]
async fn what_is_behind_sentinels_is_copied() {
    let (Some(from), Some(to)) = (server("TEST_REDIS_SENTINEL_URL"), server("TEST_REDIS_URL"))
    else {
        return;
    };
    let Some(pair) = Pair::of(&from, &format!("{to}/3")).await else { return };
    let key = format!("{}a", pair.prefix);
    batch(&connect(&from).await, &[&["SET", &key, "v", "EX", "900"]]).await;
    assert_eq!(counts(&pair.copy(json!({ "pattern": null, "keys": [key] })).await), [1, 0, 0, 0]);
    assert_eq!(pair.same().await, 1);
    pair.clean().await;
}

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
async fn what_is_there_already_is_kept_replaced_or_ends_the_copy() {
    for dumps in [true, false] {
        let (Some(url), Some(old)) = (server("TEST_REDIS_URL"), server("TEST_REDIS_62_URL")) else {
            return;
        };
        let to = if dumps { format!("{url}/3") } else { format!("{old}/3") };
        let Some(pair) = Pair::of(&url, &to).await else { return };
        let name = |name: &str| format!("{}{name}", pair.prefix);
        let (a, b) = (name("a"), name("b"));
        let here = connect(&pair.from_url).await;
        let there = connect(&pair.to_url).await;
        batch(&here, &[&["RPUSH", &a, "new"], &["SET", &b, "new"]]).await;
        batch(&there, &[&["SET", &a, "old", "EX", "900"]]).await;

        let listed = json!({ "conflict": "fail", "pattern": null, "keys": [b, a] });
        let records = pair.copy(listed).await;
        assert_eq!(counts(&records), [0, 0, 1, 0], "{records:?}");
        let problem = told(&records, "problem")[0];
        assert_eq!((&problem["key"], &problem["code"]), (&json!(a), &json!("CONFLICT")));
        assert_eq!(end(&records)["ended_by"], "failure");
        assert_eq!(records.last().unwrap()["error"]["code"], "CONFLICT");
        let exists = batch(&there, &[&["EXISTS", &b]]).await;
        assert_eq!(exists[0]["ok"], 0, "none of the chunk is written");

        assert_eq!(counts(&pair.copy(json!({})).await), [1, 1, 0, 0]);
        let kept = batch(&there, &[&["GET", &a], &["GET", &b]]).await;
        assert_eq!((&kept[0]["ok"], &kept[1]["ok"]), (&json!("old"), &json!("new")));

        assert_eq!(counts(&pair.copy(json!({ "conflict": "replace" })).await), [2, 0, 0, 0]);
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
    let records = pair.copy(json!({ "dry_run": true, "conflict": "replace" })).await;
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
    let mongodb = server("TEST_MONGODB_URL").unwrap_or("mongodb://127.0.0.1:1".to_owned());
    let mongodb = add("alpha", "documents", DatabaseType::Mongodb, &mongodb).await;
    for (to, status, says) in [
        (pair.from.to_string(), 400, "is the connection that is copied from"),
        (itself, 400, "is the same database of the same server"),
        (foreign, 400, "is in another project"),
        (mongodb, 400, "is no Redis connection"),
        (Uuid::new_v4().to_string(), 404, "there is no such"),
        ("next door".to_owned(), 400, "the id of the connection"),
    ] {
        let Err((got, answer)) = pair.open(json!({ "to": to })).await else { panic!("{says}") };
        assert_eq!(got, status, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(says), "{answer}");
    }
    let Err((status, _)) = pair.open(json!({ "pattern": "*" })).await else { panic!() };
    assert_eq!(status, 403, "everything must be confirmed");
}

#[tokio::test]
async fn the_user_must_be_allowed_to_write_there_and_to_read_here() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
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
        let (scope, user) = (Some(from.to_string()), Some(User { id: user.to_string() }));
        let sent = Sent { body, scope, user, ..Sent::default() };
        Records::open(&registered.service, "POST", "/keys/bulk", sent).await
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
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let address = url.trim_start_matches("redis://").to_owned();
    let mut admin = Admin::connect(&address).await;
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
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let address = url.trim_start_matches("redis://").to_owned();
    let mut admin = Admin::connect(&address).await;
    let Some(wide) = Pair::of(&url, &format!("{url}/3")).await else { return };
    let user = wide.prefix.replace(':', "");
    let own = format!("~{}own*", wide.prefix);
    admin.done(&["ACL", "SETUSER", &user, "on", ">secret", &own, "+@all"]).await;
    let narrow = format!("redis://{user}:secret@{address}/3");
    let to = wide.registered.add("alpha", "narrow", DatabaseType::Redis, &narrow).await;
    let (own, other) = (format!("{}own", wide.prefix), format!("{}other", wide.prefix));
    batch(&connect(&url).await, &[&["SET", &own, "v"], &["SET", &other, "v"]]).await;
    let records = wide.copy(json!({ "to": to, "conflict": "replace" })).await;
    assert_eq!(counts(&records), [1, 0, 1, 0], "{records:?}");
    let problem = told(&records, "problem")[0];
    assert_eq!((&problem["key"], &problem["code"]), (&json!(other), &json!("PERMISSION_DENIED")));
    assert_eq!(problem["outcome"], "not_applied");
    wide.clean().await;
    assert_eq!(admin.ask(&["ACL", "DELUSER", &user]).await, ":1");
}

/// A copy whose way to the other server is cut now and then; to one that can't read the dumps too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_are_unknown_and_nothing_is_written_twice() {
    for name in ["TEST_REDIS_URL", "TEST_REDIS_62_URL"] {
        let (Some(from), Some(to)) = (server("TEST_REDIS_URL"), server(name)) else { return };
        let to = to.trim_start_matches("redis://").to_owned();
        let proxy = Proxy::start(to.clone()).await;
        let through = format!("redis://127.0.0.1:{}/3", proxy.port);
        let Some(pair) = Pair::of(&from, &through).await else { return };
        let client = connect(&from).await;
        let keys: Vec<String> = (0..4_000).map(|i| format!("{}{i}", pair.prefix)).collect();
        for keys in keys.chunks(1_000) {
            let sets: Vec<[&str; 3]> = keys.iter().map(|key| ["RPUSH", key, "v"]).collect();
            let sets: Vec<&[&str]> = sets.iter().map(<[&str; 3]>::as_slice).collect();
            batch(&client, &sets).await;
        }
        let opened = pair.begin(json!({ "conflict": "replace" })).await;
        proxy.cut_every.store(7, Ordering::Relaxed);
        let records = opened.all().await;
        proxy.cut_every.store(0, Ordering::Relaxed);
        let [done, skipped, failed, unknown] = counts(&records);
        assert_eq!((done + skipped + failed + unknown, skipped), (4_000, 0), "{:?}", end(&records));
        assert!(done > 0 && unknown > 0, "{:?}", end(&records));
        let problems = told(&records, "problem");
        assert!(problems.iter().filter(|p| p["outcome"] == "unknown").count() as u64 <= unknown);
        let there = connect(&format!("redis://{to}/3")).await;
        let mut found = 0;
        for keys in keys.chunks(1_000) {
            let asks: Vec<[&str; 4]> = keys.iter().map(|key| ["LRANGE", key, "0", "-1"]).collect();
            let asks: Vec<&[&str]> = asks.iter().map(<[&str; 4]>::as_slice).collect();
            for result in batch(&there, &asks).await {
                assert!(result["ok"] == json!(["v"]) || result["ok"] == json!([]), "{result}");
                found += u64::from(result["ok"] == json!(["v"]));
            }
        }
        assert!((done..=done + unknown).contains(&found), "{found} of {:?}", end(&records));
        pair.clean().await;
    }
}

#[tokio::test]
async fn a_copy_that_is_stopped_says_what_it_did_and_leaves_no_half_of_a_value() {
    let (Some(from), Some(to)) = (server("TEST_REDIS_URL"), server("TEST_REDIS_62_URL")) else {
        return;
    };
    let Some(pair) = Pair::of(&from, &format!("{to}/3")).await else { return };
    let count = large(&pair).await;
    let mut work = pair.open(json!({})).await.unwrap();
    let job = work.next().await.unwrap()["job"].as_str().unwrap().to_owned();
    let scope = Some(pair.from.to_string());
    let path = format!("/jobs/{job}");
    let stop =
        Records::open(&pair.registered.service, "DELETE", &path, Sent { scope, ..Sent::default() });
    let (status, _) = stop.await.err().unwrap();
    let records = work.all().await;
    let [done, skipped, failed, unknown] = counts(&records);
    assert_eq!((skipped, failed, unknown), (0, 0, 0));
    if status == 200 {
        let ended_by = &end(&records)["ended_by"];
        assert!(ended_by == "stop" || ended_by == "completion", "{ended_by}");
    }
    let (from, to) = pair.contents().await;
    assert_eq!((from.len() as u64, to.len() as u64), (count, done));
    let all = without(&from, &["expires_at"]);
    let names = ["entries_added", "max_deleted_id", "expires_at"];
    let all_bare = without(&from, &names);
    assert!(without(&to, &names).iter().all(|key| all_bare.contains(key)), "{}", all.len());
    pair.clean().await;
}

/// Reads are sent again, so that nothing is lost where only the way from the source is cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_whose_connections_are_cut_is_read_again() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let proxy = Proxy::start(url.trim_start_matches("redis://").to_owned()).await;
    let through = format!("redis://127.0.0.1:{}", proxy.port);
    let Some(pair) = Pair::of(&through, &format!("{url}/3")).await else { return };
    fill(&url, &pair.prefix).await;
    let pattern = pair.pattern();
    let opened = pair.open(json!({ "pattern": pattern })).await.unwrap();
    proxy.cut_every.store(11, Ordering::Relaxed);
    let records = opened.all().await;
    proxy.cut_every.store(0, Ordering::Relaxed);
    let [done, skipped, failed, unknown] = counts(&records);
    assert_eq!((skipped, unknown), (0, 0), "{records:?}");
    if end(&records)["ended_by"] == "completion" {
        assert_eq!(done + failed, 16, "{records:?}");
    }
    let (from, to) = pair.contents().await;
    assert_eq!((from.len() as u64, to.len() as u64), (16, done));
    let rest = pair.begin(json!({})).await.all().await;
    assert_eq!(counts(&rest), [16 - done, done, 0, 0]);
    assert_eq!(pair.same().await, 16);
    pair.clean().await;
}

/// Values that are put together piece by piece are there as a whole or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_value_whose_copy_is_cut_off_is_not_there_by_half() {
    let (Some(from), Some(to)) = (server("TEST_REDIS_URL"), server("TEST_REDIS_62_URL")) else {
        return;
    };
    let address = to.trim_start_matches("redis://").to_owned();
    let proxy = Proxy::start(address.clone()).await;
    let through = format!("redis://127.0.0.1:{}/3", proxy.port);
    let Some(pair) = Pair::of(&from, &through).await else { return };
    let count = large(&pair).await;
    for cut_every in [5, 9, 17] {
        let opened = pair.begin(json!({ "conflict": "replace" })).await;
        proxy.cut_every.store(cut_every, Ordering::Relaxed);
        let records = opened.all().await;
        proxy.cut_every.store(0, Ordering::Relaxed);
        counts(&records);
        let (from, to) = pair.contents().await;
        let names = ["entries_added", "max_deleted_id", "entries_read", "expires_at"];
        let (from, to) = (without(&from, &names), without(&to, &names));
        assert!(to.iter().all(|key| from.contains(key)), "{:?}", records.last());
    }
    let whole = pair.begin(json!({ "conflict": "replace" })).await.all().await;
    assert_eq!(counts(&whole), [count, 0, 0, 0]);
    assert_eq!(pair.same().await as u64, count);
    pair.clean().await;
}

/// A key that is written over and over, with another time each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_and_its_time_are_of_one_moment() {
    let Some(pair) = Pair::beside().await else { return };
    let key = format!("{}k", pair.prefix);
    let writing = tokio::spawn({
        let (key, url) = (key.clone(), pair.from_url.clone());
        async move {
            let client = connect(&url).await;
            // No time occurs twice.
            for i in 0_u64.. {
                let (short, long) = ((1_000_000 + i).to_string(), (100_000_000 + i).to_string());
                batch(&client, &[&["SET", &key, "short", "PX", &short]]).await;
                batch(&client, &[&["SET", &key, "long", "PX", &long]]).await;
            }
        }
    });
    let there = connect(&pair.to_url).await;
    let mut copied = 0;
    for _ in 0..60 {
        let listed = json!({ "pattern": null, "keys": [key], "conflict": "replace" });
        let records = pair.copy(listed).await;
        let [done, skipped, failed, unknown] = counts(&records);
        assert_eq!((done + skipped + failed, unknown), (1, 0), "{records:?}");
        copied += done;
        let found = batch(&there, &[&["GET", &key], &["TTL", &key]]).await;
        match (found[0]["ok"].as_str(), found[1]["ok"].as_i64().unwrap()) {
            (Some("short"), ttl) => assert!(ttl < 50_000, "{ttl}"),
            (Some("long"), ttl) => assert!(ttl > 50_000, "{ttl}"),
            (other, _) => assert!(other.is_none() && copied == 0, "{other:?}"),
        }
        for problem in told(&records, "problem") {
            assert_eq!(problem["message"], "the key changed each time it was read");
        }
    }
    writing.abort();
    let _ = writing.await;
    pair.clean().await;
}
