//! Servers that refuse single commands to their user: a key then holds what it held or what it was to
//! hold, whole, and the answer says which.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use studio_multidb::request::upload::Upload;
use studio_multidb::service::Service;

use crate::fixtures::{eventually, given};
use crate::http::{send, service};
use crate::streams::{bulk, import};
use crate::support::{Admin, address, prefix};

/// Ways to write a key: method, path below `/keys/{key}`, body. `K` stands for the prefix.
fn operations() -> Vec<(&'static str, &'static str, Value)> {
    let edit = json!({ "hash": { "set": { "fields": [["f", "new"]] } } });
    vec![
        ("POST", "/keys/Kk", json!({ "value": { "f": "new" } })),
        ("POST", "/keys/Kk", json!({ "value": { "f": "new" }, "ttl": 100 })),
        ("POST", "/keys/Kk", json!({ "type": "list", "value": ["new"] })),
        ("POST", "/keys/Kk", json!({ "type": "set", "value": ["new"] })),
        ("POST", "/keys/Kk", json!({ "type": "zset", "value": [["new", 1]], "ttl": 100 })),
        ("POST", "/keys/Kk", json!({ "value": { "f": "new" }, "xx": true })),
        ("POST", "/keys/Kk", json!({ "value": "new", "ttl": 100 })),
        ("PUT", "/keys/Kk", json!({ "edit": edit })),
        ("PUT", "/keys/Kk", json!({ "edit": edit, "ttl": 100 })),
        ("POST", "/keys/Kk/expire", json!({ "ttl": 100 })),
        ("DELETE", "/keys/Kk", Value::Null),
        ("POST", "/keys/Kother/rename", json!({ "to": "Kk", "nx": false })),
        ("POST", "/keys/Kother/copy", json!({ "to": "Kk", "nx": false })),
    ]
}

/// Lines of an export that write the key.
const LINES: [&str; 5] = [
    r#"{"key":"Kk","type":"hash","value":[["f","new"]]}"#,
    r#"{"key":"Kk","type":"zset","value":[["new","1"]],"expires_at":4000000000000}"#,
    r#"{"key":"Kk","type":"string","value":"new","expires_at":4000000000000}"#,
    "{\"key\":\"Kk\",\"type\":\"hash\",\"value\":[[\"f\",\"new\"]],\"more\":true}\n{\"part\":[[\"g\",\"new\"]]}",
    "{\"key\":\"Kk\",\"type\":\"list\",\"value\":[\"new\"],\"more\":true,\"expires_at\":4000000000000}\n{\"part\":[\"two\"]}",
];

/// Commands that are refused by themselves, and each together with `MULTI` and with `EXEC`.
const REFUSED: [&[&str]; 9] = [
    &[],
    &[FULL],
    &["hset", "rpush", "sadd", "zadd", "set"],
    &["unlink"],
    &["unlink", "del"],
    &["rename"],
    &["expire", "pexpire", "pexpireat"],
    &["persist"],
    &["watch"],
];

/// In place of a command: the server's memory is full, and it refuses whatever takes some.
const FULL: &str = "full";

struct Scene {
    admin: Admin,
    user: String,
    prefix: String,
    alone: bool,
    owner: Arc<Service>,
    service: Arc<Service>,
}

impl Scene {
    async fn on(url: &str) -> Self {
        let address = address(url);
        let prefix = prefix();
        let user = prefix.replace(':', "");
        let mut admin = Admin::connect(address).await;
        admin.done(&["ACL", "SETUSER", &user, "on", ">secret", "~*", "&*", "+@all"]).await;
        let service_of_user = service(&format!("redis://{user}:secret@{address}"));
        let alone = std::env::var("TEST_REDIS_SPARE_URL").is_ok_and(|spare| spare == url);
        Self { admin, user, prefix, alone, owner: service(url), service: service_of_user }
    }

    /// The key as it was, and another.
    async fn prepare(&mut self) {
        let (key, other) = (format!("{}k", self.prefix), format!("{}other", self.prefix));
        self.limit("0").await;
        self.admin.ask(&["DEL", &key, &other]).await;
        self.admin.ask(&["HSET", &key, "f", "old", "g", "old"]).await;
        self.admin.ask(&["RPUSH", &other, "new"]).await;
    }

    /// Limits the memory, where the server is the test's alone.
    async fn limit(&mut self, bytes: &str) {
        if self.alone {
            self.admin.done(&["CONFIG", "SET", "maxmemory", bytes]).await;
        }
    }

    async fn deny(&mut self, commands: &[&str]) {
        let user = self.user.clone();
        self.admin.done(&["ACL", "SETUSER", &user, "+@all"]).await;
        for command in commands {
            if *command == FULL {
                self.limit("1").await;
                continue;
            }
            self.admin.done(&["ACL", "SETUSER", &user, &format!("-{command}")]).await;
        }
    }

    /// What the key holds, and whether it expires.
    async fn state(&self) -> Value {
        let path = format!("/keys/{}k", self.prefix);
        let (status, answer) = send(&self.owner, "GET", &path, Value::Null).await;
        if status == 404 {
            return Value::Null;
        }
        let held = |name: &str| answer["data"][name].clone();
        let values: Vec<Value> =
            ["type", "fields", "values", "members", "value"].into_iter().map(held).collect();
        json!([values, answer["data"]["ttl"].as_i64().is_some_and(|ttl| ttl > 0)])
    }

    fn named(&self, text: &str) -> String {
        text.replace("\"Kk\"", &format!("\"{}k\"", self.prefix))
    }

    /// What the answer says: `applied`, `not_applied`, or `unknown`.
    async fn write(&self, (method, path, body): &(&str, &str, Value)) -> String {
        let path = path.replace('K', &self.prefix);
        let body = if body.is_null() {
            Value::Null
        } else {
            serde_json::from_str(&self.named(&body.to_string())).unwrap()
        };
        let (_, answer) = send(&self.service, method, &path, body).await;
        let outcome = &answer["error"]["outcome"];
        outcome.as_str().unwrap_or("applied").to_owned()
    }

    async fn import(&self, lines: &str) -> String {
        let body = format!("{{\"redis_export\":1}}\n{}\n", self.named(lines));
        let file = Upload::whole(body.as_bytes());
        let records = match import(&self.service, "on_conflict=replace", file).await {
            Err((_, answer)) => return answer["error"]["outcome"].as_str().unwrap().to_owned(),
            Ok(records) => records.all().await,
        };
        let end = records.iter().find_map(|record| record.get("end")).unwrap();
        let outcome = if end["done"] == 1 {
            "applied"
        } else if end["unknown"] == 1 {
            "unknown"
        } else {
            "not_applied"
        };
        outcome.to_owned()
    }
}

/// How the matrix writes: an operation, or lines that are imported.
enum Write {
    Operation((&'static str, &'static str, Value)),
    Import(&'static str),
}

impl Write {
    fn all() -> Vec<Self> {
        let lines = LINES.into_iter().map(Self::Import);
        operations().into_iter().map(Self::Operation).chain(lines).collect()
    }

    async fn run(&self, scene: &Scene) -> String {
        match self {
            Self::Operation(operation) => scene.write(operation).await,
            Self::Import(lines) => scene.import(lines).await,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Operation((method, path, body)) => format!("{method} {path} {body}"),
            Self::Import(lines) => format!("import {lines}"),
        }
    }
}

#[tokio::test]
async fn a_key_holds_the_old_value_or_the_new_one_whatever_the_server_refuses() {
    for name in ["TEST_REDIS_URL", "TEST_REDIS_SPARE_URL", "TEST_REDIS_62_URL"] {
        let Some(url) = given(name) else { continue };
        let mut scene = Scene::on(&url).await;
        let mut refused = 0;
        for write in Write::all() {
            scene.prepare().await;
            let old = scene.state().await;
            scene.deny(&[]).await;
            assert_eq!(write.run(&scene).await, "applied", "{}", write.name());
            let new = scene.state().await;
            assert_ne!(old, new, "{}", write.name());
            for besides in [&[][..], &["multi"], &["exec"], &["multi", "exec"]] {
                for commands in REFUSED {
                    let denied = [commands, besides].concat();
                    scene.prepare().await;
                    scene.deny(&denied).await;
                    let outcome = write.run(&scene).await;
                    let found = scene.state().await;
                    let case = format!("{} without {denied:?}: {outcome} {found}", write.name());
                    match outcome.as_str() {
                        "applied" => assert_eq!(found, new, "{case}"),
                        "not_applied" => assert_eq!(found, old, "{case}"),
                        _ => assert!(found == old || found == new, "{case}"),
                    }
                    refused += u32::from(outcome != "applied");
                }
            }
        }
        assert!(refused > 200, "{refused}");
        scene.limit("0").await;
        let user = scene.user.clone();
        assert_eq!(scene.admin.ask(&["ACL", "DELUSER", &user]).await, ":1");
    }
}

/// Keys of the import below.
const KEYS: usize = 20_000;

#[tokio::test]
async fn an_import_whose_user_loses_rights_ends_and_has_taken_nothing_away() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let mut scene = Scene::on(&url).await;
    let key = |i: usize| format!("{}{i}", scene.prefix);
    let line = |i: usize, value: &str| {
        format!("{{\"key\":\"{}\",\"type\":\"hash\",\"value\":[[\"f\",\"{value}\"]]}}\n", key(i))
    };
    let file = |value: &str| {
        let lines: String = (0..KEYS).map(|i| line(i, value)).collect();
        format!("{{\"redis_export\":1}}\n{lines}")
    };
    let (old, new) = (file("old"), file("new"));
    let open = async |service: &Arc<Service>, upload: Upload| {
        import(service, "on_conflict=replace", upload).await.unwrap()
    };
    open(&scene.owner, Upload::whole(old.as_bytes())).await.all().await;

    let (sender, upload) = Upload::channel();
    let records = open(&scene.service, upload).await;
    let sending = tokio::spawn(async move {
        for chunk in new.as_bytes().chunks(16 << 10) {
            if !sender.send(Bytes::copy_from_slice(chunk)).await {
                return;
            }
        }
        sender.end().await;
    });
    let reading = tokio::spawn(records.all());
    let seen = key(1_000);
    let (user, admin) = (scene.user.clone(), &mut scene.admin);
    eventually("a part of the import", async || {
        admin.all(&["HGET", &seen, "f"]).await.contains("new")
    })
    .await;
    admin.done(&["ACL", "SETUSER", &user, "-multi", "-hset"]).await;
    let records = reading.await.unwrap();
    sending.abort();

    let error = &records.last().unwrap()["error"];
    assert_eq!(error["code"], "PERMISSION_DENIED", "{records:?}");
    let end = records.iter().find_map(|record| record.get("end")).unwrap();
    let (mut left, mut replaced) = (0, 0);
    for i in 0..KEYS {
        let held = scene.admin.all(&["HGET", &format!("{}{i}", scene.prefix), "f"]).await;
        left += u64::from(held.contains("old"));
        replaced += u64::from(held.contains("new"));
    }
    assert_eq!((left + replaced, left > 0), (KEYS as u64, true), "{end}");
    let (done, unknown) = (end["done"].as_u64().unwrap(), end["unknown"].as_u64().unwrap());
    assert!(done <= replaced && replaced <= done + unknown, "{replaced} of {end}");
    let forget =
        json!({ "action": "delete", "pattern": format!("{}*", scene.prefix), "confirm": true });
    bulk(&scene.owner, forget).await.unwrap().all().await;
    assert_eq!(scene.admin.ask(&["ACL", "DELUSER", &user]).await, ":1");
}
