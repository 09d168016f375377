//! Whatever a key holds comes back as it was.

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use studio_multidb::backend::redis::values::{NewValue, StreamEntry};
use studio_multidb::request::upload::Upload;

use super::{content, end, export, file, fill, forget, import, parsed};
use crate::fixtures::{given, soon, told};
use crate::http::service;
use crate::streams;
use crate::support::{SLOTS, batch, connect, prefix, raw_command};

#[tokio::test]
async fn every_type_comes_back_as_it_was() {
    let _still = SLOTS.read().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(given) {
        let service = service(&url);
        let prefix = prefix();
        fill(&url, &prefix).await;
        let query = format!("pattern={prefix}*");
        let before = export(&service, &query).await;
        let lines = parsed(&before);
        assert_eq!(lines[0]["redis_export"], 1);
        assert_eq!(lines[0]["filter"]["pattern"], format!("{prefix}*"));
        let sums = &lines.last().unwrap()["end"];
        assert_eq!((&sums["keys"], &sums["skipped"]), (&json!(16), &json!(0)), "{sums}");
        assert_eq!(sums["may_be_incomplete"], false);
        let summed = before[..before.len() - 1].concat();
        assert_eq!(sums["sha256"], hex::encode(Sha256::digest(&summed)));

        for policy in ["skip", "replace"] {
            if policy == "skip" {
                forget(&service, &format!("{prefix}*")).await;
            }
            let records =
                import(&service, &format!("on_conflict={policy}"), &before.concat()).await;
            let (end, error) = end(&records);
            assert_eq!((error, &end["done"]), (None, &json!(16)), "{policy} {records:?}");
            assert_eq!((&end["checksum"], &end["failed"]), (&json!("right"), &json!(0)));
            let after = export(&service, &query).await;
            assert_eq!(alike(content(&after)), alike(content(&before)), "{policy}");
        }
        forget(&service, &format!("{prefix}*")).await;
    }
}

/// Without what differs by chance. Servers before 7.0 tell only how long a key has left, and all only how long ago a delivery was:
/// times differ by what passed between two questions.
fn alike(keys: Vec<String>) -> Vec<String> {
    let round = |value: &mut Value| {
        if let Some(at) = value.as_i64() {
            *value = json!((at + 5_000) / 10_000);
        }
    };
    keys.into_iter()
        .map(|key| {
            let mut lines: Vec<Value> = serde_json::from_str(&key).unwrap();
            for line in &mut lines {
                // Sets and hashes have no order.
                if matches!(line["type"].as_str(), Some("set" | "hash")) {
                    line["value"].as_array_mut().unwrap().sort_by_key(Value::to_string);
                }
                if let Some(at) = line.get_mut("expires_at") {
                    round(at);
                }
                let Some(pending) = line.get_mut("pending") else { continue };
                for delivery in pending["deliveries"].as_array_mut().unwrap() {
                    round(&mut delivery["at"]);
                }
            }
            json!(lines).to_string()
        })
        .collect()
}

#[tokio::test]
async fn times_are_exact_where_the_server_tells_them() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let service = service(&url);
    let key = prefix();
    let at = "33333333333333";
    batch(&client, &[&["SET", &key, "v"]]).await;
    raw_command(&url, &[b"PEXPIREAT", key.as_bytes(), at.as_bytes()]).await;
    let lines = export(&service, &format!("pattern={key}")).await;
    let told = parsed(&lines)[1]["expires_at"].as_i64().unwrap();
    assert!((told - at.parse::<i64>().unwrap()).abs() < 2_000, "{told}");
    if !raw_command(&url, &[b"PEXPIRETIME", key.as_bytes()]).await.contains("unknown command") {
        assert_eq!(told.to_string(), at);
    }
    batch(&client, &[&["DEL", &key]]).await;
}

/// Fields of hashes expire on some servers.
#[tokio::test]
async fn fields_keep_their_times() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let service = service(&url);
    let key = prefix();
    batch(&client, &[&["HSET", &key, "a", "1", "b", "2"]]).await;
    let args: [&[u8]; 6] =
        [b"HPEXPIREAT", key.as_bytes(), b"33333333333333", b"FIELDS", b"1", b"a"];
    let has_field_times = !raw_command(&url, &args).await.contains("unknown command");
    let before = export(&service, &format!("pattern={key}")).await;
    let wanted = json!([["a", 33_333_333_333_333_i64]]);
    if has_field_times {
        assert_eq!(parsed(&before)[1]["field_expires"], wanted);
        import(&service, "on_conflict=replace", &before.concat()).await;
        let after = export(&service, &format!("pattern={key}")).await;
        assert_eq!(content(&after), content(&before));
    } else {
        let mut line = parsed(&before)[1].clone();
        line["field_expires"] = wanted;
        let records = import(&service, "on_conflict=replace", &file(&[line.clone()])).await;
        assert_eq!(end(&records).0["failed"], 1, "{records:?}");
        let records = import(&service, "on_conflict=replace&ttl=none", &file(&[line])).await;
        assert_eq!(end(&records).0["done"], 1, "{records:?}");
    }
    batch(&client, &[&["DEL", &key]]).await;
}

#[tokio::test]
async fn large_values_come_in_parts_and_are_never_seen_half() {
    let _still = SLOTS.read().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(given) {
        let service = service(&url);
        let client = connect(&url).await;
        let prefix = prefix();
        let numbered =
            |n: usize| (0..n).map(|i| format!("{i:0>200}").into_bytes()).collect::<Vec<_>>();
        let binary = (0..=250_u8).cycle().take(3 << 19).collect();
        let values = [
            NewValue::String(binary),
            NewValue::String("añ".repeat(1 << 19).into_bytes()),
            NewValue::List(numbered(4_000)),
            NewValue::Set(numbered(4_000)),
            NewValue::Hash(numbered(4_000).into_iter().map(|f| (f.clone(), f)).collect()),
            NewValue::SortedSet(
                numbered(4_000).into_iter().enumerate().map(|(i, m)| (m, i.to_string())).collect(),
            ),
            NewValue::Stream(
                (1..=4_000)
                    .map(|i| StreamEntry {
                        id: format!("{i}-0"),
                        fields: vec![(b"f".to_vec(), vec![b'v'; 200])],
                    })
                    .collect(),
            ),
        ];
        for value in &values {
            let key = format!("{prefix}{:?}", value.native_type());
            let key = match value {
                NewValue::String(bytes) => format!("{key}{}", bytes[1]),
                _ => key,
            };
            client.write(key.as_bytes(), value, None, None, soon()).await.unwrap();
        }
        let before = export(&service, &format!("pattern={prefix}*")).await;
        assert!(before.iter().all(|line| line.len() < 2 << 20));
        assert!(told(&parsed(&before), "part").len() > 8);
        forget(&service, &format!("{prefix}*")).await;

        // Line by line: a key is not there before its last part.
        let (sender, upload) = Upload::channel();
        let records = streams::import(&service, "", upload).await.unwrap();
        let all = tokio::spawn(records.all());
        let keys: Vec<String> =
            values.iter().map(|v| format!("{prefix}{:?}", v.native_type())).collect();
        let mut open: Option<String> = None;
        for line in &before {
            assert!(sender.send(Bytes::copy_from_slice(line)).await);
            let line: Value = serde_json::from_slice(line).unwrap();
            if let Some(key) = line["key"].as_str() {
                open = Some(key.to_owned()).filter(|_| line["more"] == true);
            }
            if line["more"] != true {
                open = None;
            }
            if let Some(key) = &open {
                assert_eq!(batch(&client, &[&["EXISTS", key]]).await[0]["ok"], 0, "{key}");
            }
        }
        sender.end().await;
        let records = all.await.unwrap();
        let (end, error) = end(&records);
        assert_eq!((error, &end["done"]), (None, &json!(7)), "{records:?}");
        let after = export(&service, &format!("pattern={prefix}*")).await;
        for key in &keys[2..] {
            assert_eq!(batch(&client, &[&["PTTL", key]]).await[0]["ok"], -1, "{key}");
        }
        assert_eq!(elements(&after), elements(&before));
        assert_eq!(
            export(&service, &format!("pattern=*{prefix}*:import-*")).await.len(),
            2,
            "temporary names are left"
        );
        forget(&service, &format!("{prefix}*")).await;
    }
}

/// Values put together again; sets and their kin in an order of their own.
fn elements(lines: &[Vec<u8>]) -> std::collections::BTreeMap<String, Vec<String>> {
    let mut keys = std::collections::BTreeMap::<String, Vec<String>>::new();
    let mut last = (String::new(), String::new());
    for line in parsed(lines) {
        let value = match (line.get("value"), line.get("part")) {
            (Some(value), _) => {
                last =
                    (line["key"].as_str().unwrap().into(), line["type"].as_str().unwrap().into());
                value
            }
            (_, Some(part)) => part,
            _ => continue,
        };
        let elements = keys.entry(last.0.clone()).or_default();
        match value {
            Value::Array(array) => elements.extend(array.iter().map(Value::to_string)),
            text => elements.push(text.to_string()),
        }
        if matches!(last.1.as_str(), "set" | "hash" | "zset") {
            elements.sort();
        }
    }
    keys
}
