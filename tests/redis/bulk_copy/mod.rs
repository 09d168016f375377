//! Copying many keys to another registered connection.

mod interruptions;
mod rules;
mod values;

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::service::Service;
use studio_multidb::target::DatabaseType;
use uuid::Uuid;

use crate::fixtures::{Records, door, eventually, given, told};
use crate::http::service;
use crate::registered::Registered;
use crate::support::{batch, command, connect, prefix};
use crate::transfer::{content, export, forget, parsed};

/// Two connections, and what looks at each by itself.
pub(crate) struct Pair {
    registered: Registered,
    from: Uuid,
    to: Uuid,
    source: Arc<Service>,
    target: Arc<Service>,
    pub(crate) from_url: String,
    pub(crate) to_url: String,
    prefix: String,
}

impl Pair {
    pub(crate) async fn of(from_url: &str, to_url: &str) -> Option<Self> {
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
        let url = given("TEST_REDIS_URL")?;
        Self::of(&url, &format!("{url}/3")).await
    }

    fn pattern(&self) -> String {
        format!("{}*", self.prefix)
    }

    pub(crate) async fn open(&self, more: Value) -> Result<Records, (u16, Value)> {
        let pattern = self.pattern();
        let body = json!({ "action": "copy", "to": self.to, "pattern": pattern, "confirm": true });
        let body = merged(body, more);
        let request = door::request("POST", &format!("/redis/{}/keys/bulk", self.from), &body);
        Records::open(&self.registered.service, request).await
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
pub(crate) fn end(records: &[Value]) -> &Value {
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

/// The same but for members that not every generation has; and they expire at about the same times.
fn assert_alike(from: &[String], to: &[String]) {
    let but = ["entries_added", "max_deleted_id", "entries_read", "expires_at"];
    // Newer servers have no -0 in small sorted sets.
    let bare = |lines: &[String]| -> Vec<String> {
        without(lines, &but).into_iter().map(|line| line.replace("\"-0\"", "\"0\"")).collect()
    };
    assert_eq!(bare(from), bare(to));
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
