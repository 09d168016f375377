//! A server user with narrow rights: what it may not see is null, with a warning, and the rest is there.

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::service::Service;

use crate::fixtures::given;
use crate::http::{ok, send, service};
use crate::support::{Admin, address, prefix};

/// Commands that the user may not use, which tell of keys and of the server.
const DENIED: [&str; 15] = [
    "memory",
    "object",
    "info",
    "dbsize",
    "slowlog",
    "config",
    "pubsub",
    "pttl",
    "client",
    "latency",
    "time",
    "pexpiretime",
    "hpttl",
    "role",
    "unlink",
];

/// Where a denied command is missed, and the members that are then null.
const PAGES: [(&str, &[&str], &[&str]); 9] = [
    ("/tree?prefix={}", &["total"], &["total"]),
    ("/info", &["info"], &["server", "memory", "stats", "clients", "replication"]),
    ("/stats", &["info"], &["memory", "stats", "clients", "interval"]),
    ("/databases", &["current", "databases", "count"], &["databases", "count"]),
    ("/memory?prefix={}", &["bytes", "total"], &["total", "used_memory"]),
    ("/slowlog", &["entries", "total", "threshold_us"], &["entries", "total", "threshold_us"]),
    ("/clients", &["clients"], &["clients", "total"]),
    ("/config", &["settings"], &["settings"]),
    ("/pubsub/channels", &["channels"], &[]),
];

/// A user of the test's own, and keys of every type that it may use.
struct Narrow {
    admin: Admin,
    user: String,
    prefix: String,
    service: Arc<Service>,
}

impl Narrow {
    async fn on(url: &str) -> Self {
        let address = address(url);
        let mut admin = Admin::connect(address).await;
        let prefix = prefix();
        let user = prefix.replace(':', "");
        let pattern = format!("~{prefix}own:*");
        admin.done(&["ACL", "SETUSER", &user, "on", ">secret", &pattern, "&*", "+@all"]).await;
        for command in DENIED {
            // What the server does not know, it can't deny.
            admin.ask(&["ACL", "SETUSER", &user, &format!("-{command}")]).await;
        }
        let key = |name: &str| format!("{prefix}own:{name}");
        for make in [
            &["SET", &key("string"), "v"][..],
            &["HSET", &key("hash"), "f", "v"],
            &["RPUSH", &key("list"), "a"],
            &["SADD", &key("set"), "a"],
            &["ZADD", &key("zset"), "1", "a"],
            &["XADD", &key("stream"), "1-1", "f", "v"],
            &["SET", &format!("{prefix}foreign"), "v"],
        ] {
            assert!(!admin.ask(make).await.starts_with('-'), "{make:?}");
        }
        let service = service(&format!("redis://{user}:secret@{address}"));
        Self { admin, user, prefix, service }
    }

    async fn get(&self, path: &str) -> Value {
        let path = path.replace("{}", &self.prefix);
        let answer = ok(&self.service, "GET", &path, Value::Null).await;
        answer["data"].clone()
    }

    async fn leave(mut self) {
        assert_eq!(self.admin.ask(&["ACL", "DELUSER", &self.user]).await, ":1");
    }
}

/// The fields that were warned of, each because the user may not see it.
fn warned(data: &Value) -> Vec<&str> {
    let warnings = data["warnings"].as_array().unwrap();
    assert!(warnings.iter().all(|warning| warning["code"] == "PERMISSION_DENIED"), "{data}");
    warnings.iter().map(|warning| warning["field"].as_str().unwrap()).collect()
}

async fn everywhere() -> Vec<Narrow> {
    let mut all = Vec::new();
    for name in ["TEST_REDIS_URL", "TEST_REDIS_62_URL", "TEST_REDIS_70_URL"] {
        if let Some(url) = given(name) {
            all.push(Narrow::on(&url).await);
        }
    }
    all
}

#[tokio::test]
async fn every_page_about_the_server_is_there_without_what_may_not_be_seen() {
    for narrow in everywhere().await {
        for (path, fields, null) in PAGES {
            let data = narrow.get(path).await;
            let warned = warned(&data);
            for field in fields {
                assert!(warned.contains(field), "{path}: no word of {field} in {data}");
            }
            for member in null {
                assert!(data[member].is_null(), "{path}: {member} in {data}");
            }
        }
        let tree = narrow.get("/tree?prefix={}").await;
        assert_eq!(tree["namespaces"][0]["keys"], 6, "{tree}");
        narrow.leave().await;
    }
}

#[tokio::test]
async fn keys_are_listed_and_read_without_what_may_not_be_seen_of_them() {
    for narrow in everywhere().await {
        let page = narrow.get("/keys?prefix={}&with=type,ttl,size,encoding&count=100").await;
        let keys = page["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 7, "{page}");
        for key in keys {
            let own = key["key"].as_str().unwrap().split("own:").nth(1);
            assert_eq!(key["type"].as_str(), own, "{page}");
            assert!(["ttl", "size", "encoding"].iter().all(|name| key[name].is_null()), "{page}");
        }
        for field in ["type", "ttl", "size", "encoding"] {
            assert!(warned(&page).contains(&field), "{page}");
        }
        for (name, member) in [
            ("string", "value"),
            ("hash", "fields"),
            ("list", "values"),
            ("set", "members"),
            ("zset", "members"),
            ("stream", "entries"),
        ] {
            let value = narrow.get(&format!("/keys/{{}}own:{name}")).await;
            assert!(!value[member].is_null() && value["length"] == 1, "{value}");
            assert!(value["ttl"].is_null() && value["size"].is_null(), "{value}");
            assert!(["ttl", "size", "encoding"].iter().all(|f| warned(&value).contains(f)));
        }
        let foreign = format!("/keys/{}foreign", narrow.prefix);
        let (status, answer) = send(&narrow.service, "GET", &foreign, Value::Null).await;
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("PERMISSION_DENIED")));
        narrow.leave().await;
    }
}

#[tokio::test]
async fn keys_are_changed_without_being_told_the_time_that_they_have_left() {
    for narrow in everywhere().await {
        let path = |name: &str| format!("/keys/{}{name}", narrow.prefix);
        let set = json!({ "string": { "set": { "value": "w" } } });
        for (method, path, body) in [
            ("PUT", path("own:string"), json!({ "edit": set, "ttl": 100 })),
            ("PUT", path("own:string"), json!({ "edit": set })),
            (
                "PUT",
                path("own:hash"),
                json!({ "edit": { "hash": { "increment": { "field": "n", "by": 1 } } } }),
            ),
            (
                "PUT",
                path("own:list"),
                json!({ "edit": { "list": { "push": { "side": "right", "values": ["b"] } } } }),
            ),
            ("POST", path("own:string/expire"), json!({ "ttl_ms": 90_000 })),
            ("POST", path("own:string/copy"), json!({ "to": format!("{}own:c", narrow.prefix) })),
            ("POST", path("own:c/rename"), json!({ "to": format!("{}own:d", narrow.prefix) })),
        ] {
            let (status, answer) = send(&narrow.service, method, &path, body).await;
            assert_eq!((status, &answer["data"]["ttl"]), (200, &json!(null)), "{path}: {answer}");
        }
        let value = narrow.get("/keys/{}own:string").await;
        assert_eq!(value["value"], "w");
        for more in [json!({}), json!({ "xx": true })] {
            let mut body = json!({ "value": ["x"], "type": "list" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            ok(&narrow.service, "POST", &path("own:list"), body).await;
        }
        assert_eq!(narrow.get("/keys/{}own:list").await["values"], json!(["x"]));
        let (_, answer) = send(&narrow.service, "DELETE", &path("own:list"), Value::Null).await;
        assert_eq!(answer["data"]["deleted"], 1, "{answer}");

        // What is about the key does not blame a command.
        let edit = json!({ "edit": set });
        let (status, answer) = send(&narrow.service, "PUT", &path("foreign"), edit).await;
        assert_eq!((status, &answer["error"]["code"]), (403, &json!("PERMISSION_DENIED")));
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(!message.contains("@transaction"), "{message}");
        narrow.leave().await;
    }
}
