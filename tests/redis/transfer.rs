//! Exports and imports.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use studio_multidb::api::upload::Upload;
use studio_multidb::backend::redis::write::{NewValue, StreamEntry};
use studio_multidb::service::Service;

use crate::http::service;
use crate::proxy::Proxy;
use crate::streams::{Records, Sent, told};
use crate::support::{Admin, SLOTS, batch, connect, prefix, raw_command, server, soon};

/// The lines of an export, ends included.
pub(crate) async fn export(service: &Arc<Service>, query: &str) -> Vec<Vec<u8>> {
    let mut records =
        Records::open(service, "GET", &format!("/export?{query}"), Sent::default()).await.unwrap();
    let mut lines = Vec::new();
    while let Some(line) = records.line().await {
        lines.push(line);
    }
    lines
}

pub(crate) fn parsed(lines: &[Vec<u8>]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// What lines say of keys, in an order of their own.
pub(crate) fn content(lines: &[Vec<u8>]) -> Vec<String> {
    let mut keys = Vec::new();
    for line in parsed(lines) {
        if line.get("key").is_some() {
            keys.push(vec![line]);
        } else if line.get("part").is_some() || line.get("pending").is_some() {
            keys.last_mut().unwrap().push(line);
        }
    }
    let mut keys: Vec<String> = keys.into_iter().map(|lines| json!(lines).to_string()).collect();
    keys.sort();
    keys
}

async fn import(service: &Arc<Service>, query: &str, body: &[u8]) -> Vec<Value> {
    let sent = Sent { upload: Some(Upload::whole(body)), ..Sent::default() };
    Records::open(service, "POST", &format!("/import?{query}"), sent).await.unwrap().all().await
}

/// The `end` record, and the error after it, if there is one.
fn end(records: &[Value]) -> (&Value, Option<&Value>) {
    let last = records.last().unwrap();
    match last.get("error") {
        Some(error) => (&records[records.len() - 2]["end"], Some(error)),
        None => (&last["end"], None),
    }
}

pub(crate) async fn forget(service: &Arc<Service>, pattern: &str) {
    let body = json!({ "action": "delete", "pattern": pattern });
    let sent = Sent { body, ..Sent::default() };
    Records::open(service, "POST", "/keys/bulk", sent).await.unwrap().all().await;
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// One key of each type, with text and with bytes, with a time and without.
pub(crate) async fn fill(url: &str, prefix: &str) {
    let client = connect(url).await;
    let odd = || vec![0xff, 0x00, b'\n', b'"'];
    let key = |name: &str| [prefix.as_bytes(), name.as_bytes(), &odd()].concat();
    let values = [
        NewValue::String(odd()),
        NewValue::String(bytes("añ\n\u{2028}")),
        NewValue::String(Vec::new()),
        NewValue::Hash(vec![(bytes("__proto__"), odd()), (odd(), bytes("v"))]),
        NewValue::List(vec![odd(), bytes("b"), bytes("b"), Vec::new()]),
        NewValue::Set(vec![odd(), bytes("m")]),
        NewValue::SortedSet(vec![
            (odd(), "-inf".to_owned()),
            (bytes("tenth"), "0.1".to_owned()),
            (bytes("zero"), "-0".to_owned()),
            (bytes("large"), "9007199254740993".to_owned()),
            (bytes("last"), "inf".to_owned()),
        ]),
    ];
    for (i, value) in values.iter().enumerate() {
        for ttl in [None, Some(5000)] {
            let key = key(&format!("{i}{}", if ttl.is_some() { "t" } else { "" }));
            client.write(&key, value, ttl, None, soon()).await.unwrap();
        }
    }
    let stream = key("stream");
    let entry = |id: &str| StreamEntry {
        id: id.to_owned(),
        fields: vec![(bytes("f"), odd()), (bytes("f"), bytes("2"))],
    };
    let entries = ["5-1", "6-0", "7-18446744073709551615", "9-9"].map(entry).to_vec();
    client.write(&stream, &NewValue::Stream(entries), Some(5000), None, soon()).await.unwrap();
    let group = odd();
    for args in [
        &[&b"XDEL"[..], &stream, b"9-9"][..],
        &[b"XGROUP", b"CREATE", &stream, &group, b"0"],
        &[b"XGROUP", b"CREATE", &stream, b"idle", b"$"],
        &[b"XREADGROUP", b"GROUP", &group, b"one", b"COUNT", b"1", b"STREAMS", &stream, b">"],
        &[b"XREADGROUP", b"GROUP", &group, b"two", b"COUNT", b"1", b"STREAMS", &stream, b">"],
    ] {
        let answer = raw_command(url, args).await;
        assert!(!answer.starts_with('-'), "{answer}");
    }
    let empty = key("empty stream");
    raw_command(url, &[b"XGROUP", b"CREATE", &empty, b"g", b"0", b"MKSTREAM"]).await;
}

#[tokio::test]
async fn every_type_comes_back_as_it_was() {
    let _still = SLOTS.read().await;
    for name in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"] {
        let Some(url) = server(name) else { continue };
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
            let records = import(&service, &format!("conflict={policy}"), &before.concat()).await;
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
    let Some(url) = server("TEST_REDIS_URL") else { return };
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
    let Some(url) = server("TEST_REDIS_URL") else { return };
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
        import(&service, "conflict=replace", &before.concat()).await;
        let after = export(&service, &format!("pattern={key}")).await;
        assert_eq!(content(&after), content(&before));
    } else {
        let mut line = parsed(&before)[1].clone();
        line["field_expires"] = wanted;
        let records = import(&service, "conflict=replace", &file(&[line.clone()])).await;
        assert_eq!(end(&records).0["failed"], 1, "{records:?}");
        let records = import(&service, "conflict=replace&ttl=none", &file(&[line])).await;
        assert_eq!(end(&records).0["done"], 1, "{records:?}");
    }
    batch(&client, &[&["DEL", &key]]).await;
}

/// An export with these lines between its header and its end.
fn file(lines: &[Value]) -> Vec<u8> {
    let header = json!({ "redis_export": 1, "at": 0, "server": {}, "filter": {} });
    let mut text = format!("{header}\n").into_bytes();
    for line in lines {
        text.extend(format!("{line}\n").bytes());
    }
    let keys = lines.iter().filter(|line| {
        let is_key = ["key", "part", "pending"].iter().any(|kind| line.get(*kind).is_some());
        is_key && line.get("more").is_none()
    });
    let end = json!({ "end": {
        "keys": keys.count(),
        "skipped": lines.iter().filter(|line| line.get("skipped").is_some()).count(),
        "lines": lines.len() + 1,
        "sha256": hex::encode(Sha256::digest(&text)),
    } });
    text.extend(format!("{end}\n").bytes());
    text
}

#[tokio::test]
async fn large_values_come_in_parts_and_are_never_seen_half() {
    let _still = SLOTS.read().await;
    for name in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"] {
        let Some(url) = server(name) else { continue };
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
            let key = format!("{prefix}{}", value.type_name());
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
        let sent = Sent { upload: Some(upload), ..Sent::default() };
        let records = Records::open(&service, "POST", "/import", sent).await.unwrap();
        let all = tokio::spawn(records.all());
        let keys: Vec<String> =
            values.iter().map(|v| format!("{prefix}{}", v.type_name())).collect();
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

#[tokio::test]
async fn keys_that_are_there_stay_are_replaced_or_end_the_import() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let client = connect(&url).await;
    let prefix = prefix();
    let names: Vec<String> = (0..4).map(|i| format!("{prefix}{i}")).collect();
    let line = |i: usize| match i {
        0 => json!({ "key": names[0], "type": "string", "value": "new" }),
        1 => json!({ "key": names[1], "type": "list", "value": ["new"] }),
        2 => json!({ "key": names[2], "type": "list", "value": ["new"], "more": true }),
        _ => {
            json!({ "key": names[3], "type": "string", "value": "new", "expires_at": 33_333_333_333_333_i64 })
        }
    };
    let part = json!({ "part": ["newer"] });
    let body = file(&[line(0), line(1), line(2), part.clone(), line(3)]);
    let old = async || {
        for name in &names {
            batch(&client, &[&["SET", name, "old"]]).await;
        }
    };
    let types = async || {
        let ask: Vec<[&str; 2]> = names.iter().map(|name| ["TYPE", name.as_str()]).collect();
        let ask: Vec<&[&str]> = ask.iter().map(<[&str; 2]>::as_slice).collect();
        let types = batch(&client, &ask).await;
        types.iter().map(|t| t["ok"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (dry, done) in [("true", 4), ("false", 4)] {
        let records = import(&service, &format!("dry_run={dry}"), &body).await;
        assert_eq!(end(&records).0["done"], done, "{records:?}");
        if dry == "true" {
            assert_eq!(types().await, ["none"; 4]);
        }
    }
    old().await;
    let records = import(&service, "conflict=skip", &body).await;
    assert_eq!((&end(&records).0["done"], &end(&records).0["skipped"]), (&json!(0), &json!(4)));
    assert_eq!(types().await, ["string"; 4]);
    let records = import(&service, "conflict=skip&dry_run=true", &body).await;
    assert_eq!(end(&records).0["skipped"], 4);

    for (present, done) in [(0, 0), (2, 2), (3, 3)] {
        forget(&service, &format!("{prefix}*")).await;
        batch(&client, &[&["SET", &names[present], "old"]]).await;
        let records = import(&service, "conflict=fail", &body).await;
        let (end, error) = end(&records);
        assert_eq!(error.unwrap()["code"], "CONFLICT", "{records:?}");
        assert_eq!(end["ended_by"], "failure");
        // All of a chunk or nothing.
        assert!(end["done"].as_u64().unwrap() <= done, "{end}");
        assert_eq!(batch(&client, &[&["GET", &names[present]]]).await[0]["ok"], "old");
        let there = types().await.iter().filter(|t| *t != "none").count() as u64;
        assert_eq!(there, end["done"].as_u64().unwrap() + 1, "{end}");
    }

    old().await;
    let records = import(&service, "conflict=replace", &body).await;
    assert_eq!(end(&records).0["done"], 4, "{records:?}");
    assert_eq!(types().await, ["string", "list", "list", "string"]);
    forget(&service, &format!("{prefix}*")).await;
}

#[tokio::test]
async fn what_has_expired_is_left_out_and_counted() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let client = connect(&url).await;
    let key = prefix();
    let line = json!({ "key": key, "type": "string", "value": "v", "expires_at": 5 });
    let begun =
        json!({ "key": key, "type": "list", "value": ["v"], "expires_at": 5, "more": true });
    let body = file(&[line, begun, json!({ "part": ["v"] })]);
    let records = import(&service, "", &body).await;
    assert_eq!((&end(&records).0["done"], &end(&records).0["expired"]), (&json!(0), &json!(2)));
    assert_eq!(batch(&client, &[&["EXISTS", &key]]).await[0]["ok"], 0);
    let records = import(&service, "ttl=none&conflict=replace", &body).await;
    assert_eq!(end(&records).0["done"], 2, "{records:?}");
    assert_eq!(batch(&client, &[&["TTL", &key]]).await[0]["ok"], -1);
    batch(&client, &[&["DEL", &key]]).await;
}

#[tokio::test]
async fn each_line_that_makes_no_sense_is_told_and_the_others_are_written() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let prefix = prefix();
    let key = |i: usize| format!("{prefix}{i}");
    let good = |i: usize| json!({ "key": key(i), "type": "string", "value": "v" });
    let id = "18446744073709551616-0";
    let lines = [
        good(0),
        json!({ "key": key(1), "type": "list", "value": "no array" }),
        json!({ "key": key(2), "type": "list", "value": [] }),
        json!({ "key": key(3), "type": "string", "value": { "$binary": { "base64": "!" } } }),
        json!({ "part": ["of nothing"] }),
        json!({ "key": key(4), "type": "list", "value": ["a"], "more": true }),
        json!({ "part": { "wrong": true } }),
        json!({ "key": key(5), "type": "list", "value": ["a"], "more": true }),
        good(6),
        json!({ "key": key(7), "type": "zset", "value": [["m", "nan"]] }),
        json!({ "key": key(8), "type": "stream", "value": [{ "id": id, "fields": [["f", "v"]] }] }),
        json!({ "key": key(9), "type": "stream",
            "value": [{ "id": "5-0", "fields": [["f", "v"]] }, { "id": "4-0", "fields": [["f", "v"]] }] }),
        json!({ "key": key(10), "type": "TSDB-TYPE", "dump": "AAAA" }),
        json!({ "key": key(11), "type": "hash", "value": [["f", "v", "x"]] }),
        good(12),
    ];
    let records = import(&service, "", &file(&lines)).await;
    let (end, error) = end(&records);
    assert_eq!(
        (error, &end["done"], &end["failed"]),
        (None, &json!(3), &json!(11)),
        "{records:#?}"
    );
    assert_eq!(end["checksum"], "right");
    let problems = told(&records, "problem");
    let mut told: Vec<u64> = problems.iter().map(|p| p["line"].as_u64().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, [3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 15], "{problems:#?}");
    forget(&service, &format!("{prefix}*")).await;
}

#[tokio::test]
async fn a_file_that_is_none_or_was_changed_is_told_as_such() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let prefix = prefix();
    let line = |i: usize| json!({ "key": format!("{prefix}{i}"), "type": "string", "value": "v" });
    let good = file(&[line(0), line(1)]);
    let text = String::from_utf8(good.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let twice = [good.clone(), good.clone()].concat();
    let cases: Vec<(Vec<u8>, &str, &str)> = vec![
        (Vec::new(), "empty", "missing"),
        (vec![0xff; 1000], "not the header", "missing"),
        (b"[]".to_vec(), "not the header", "missing"),
        (lines[1].into(), "not the header", "missing"),
        (b"{\"redis_export\":2}\n".to_vec(), "version", "missing"),
        (lines[..2].join("\n").into(), "cut off", "missing"),
        (format!("{}\n{}", lines[0], lines[0]).into(), "second header", "missing"),
        (twice, "second header", "right"),
        (text.replace("\"v\"", "\"w\"").into(), "changed", "wrong"),
        (text.replace(lines[1], "").into(), "changed", "wrong"),
        (format!("{}\n{}\n{}", lines[0], lines[1], lines[3]).into(), "lost", "wrong"),
        (text.replace("\"keys\":2", "\"keys\":3").into(), "changed", "wrong"),
        (format!("{}\n{{\"error\":{{\"message\":\"boom\"}}}}", lines[0]).into(), "boom", "missing"),
    ];
    for (body, message, checksum) in cases {
        let records = import(&service, "", &body).await;
        let (end, error) = end(&records);
        let error = error.unwrap_or_else(|| panic!("{message}: {records:?}"));
        assert_eq!(error["code"], "VALIDATION_ERROR");
        assert!(error["message"].as_str().unwrap().contains(message), "{message}: {error}");
        assert_eq!((&end["checksum"], &end["ended_by"]), (&json!(checksum), &json!("failure")));
    }
    forget(&service, &format!("{prefix}*")).await;
}

#[tokio::test]
async fn an_endless_line_and_a_body_that_is_cut_off_are_told() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let header = Bytes::from_static(b"{\"redis_export\":1}\n");
    for (chunks, code) in [(70, "PAYLOAD_TOO_LARGE"), (1, "VALIDATION_ERROR")] {
        let (sender, upload) = Upload::channel();
        let sent = Sent { upload: Some(upload), ..Sent::default() };
        let records = Records::open(&service, "POST", "/import", sent).await.unwrap();
        let all = tokio::spawn(records.all());
        sender.send(header.clone()).await;
        for _ in 0..chunks {
            sender.send(vec![b'['; 1 << 20].into()).await;
        }
        drop(sender);
        let records = all.await.unwrap();
        let error = end(&records).1.unwrap();
        assert_eq!(error["code"], code, "{error}");
        assert_eq!(error["details"]["line"], 2);
    }
}

#[tokio::test]
async fn an_export_goes_on_where_it_was_cut_off() {
    let _still = SLOTS.read().await;
    for name in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"] {
        let Some(url) = server(name) else { continue };
        let service = service(&url);
        let client = connect(&url).await;
        let prefix = prefix();
        for i in 0..450 {
            let value = NewValue::String(vec![b'v'; 16 << 10]);
            client
                .write(format!("{prefix}{i}").as_bytes(), &value, None, None, soon())
                .await
                .unwrap();
        }
        let query = format!("pattern={prefix}*");
        let mut records =
            Records::open(&service, "GET", &format!("/export?{query}"), Sent::default())
                .await
                .unwrap();
        let mut first = Vec::new();
        let cursor = loop {
            let line = records.line().await.expect("no checkpoint before the end");
            let record: Value = serde_json::from_slice(&line).unwrap();
            first.push(line);
            if let Some(checkpoint) = record.get("checkpoint") {
                break checkpoint["cursor"].as_str().unwrap().to_owned();
            }
        };
        drop(records);
        let second = export(&service, &format!("{query}&cursor={cursor}")).await;
        assert_eq!(parsed(&second)[0]["continues"], cursor);
        let whole = [first.concat(), second.concat()].concat();
        forget(&service, &format!("{prefix}*")).await;
        let records = import(&service, "", &whole).await;
        let (end, error) = end(&records);
        assert_eq!((error, &end["checksum"]), (None, &json!("right")), "{records:?}");
        let after = parsed(&export(&service, &query).await);
        assert_eq!(after.last().unwrap()["end"]["keys"], 450);
        forget(&service, &format!("{prefix}*")).await;
        let other = Records::open(
            &service,
            "GET",
            &format!("/export?pattern=other*&cursor={cursor}"),
            Sent::default(),
        )
        .await;
        assert_eq!(other.err().unwrap().0, 400);
    }
}

#[tokio::test]
async fn an_import_goes_on_at_a_line() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let client = connect(&url).await;
    let prefix = prefix();
    let key = |i: usize| format!("{prefix}{i}");
    let lines = [
        json!({ "key": key(0), "type": "string", "value": "v" }),
        json!({ "key": key(1), "type": "list", "value": ["a"], "more": true }),
        json!({ "part": ["b"] }),
        json!({ "key": key(2), "type": "string", "value": "v" }),
    ];
    let body = file(&lines);
    let records = import(&service, "from_line=5", &body).await;
    let (ended, error) = end(&records);
    assert_eq!((error, &ended["done"]), (None, &json!(1)), "{records:?}");
    assert_eq!(ended["checksum"], "right");
    assert_eq!(batch(&client, &[&["EXISTS", &key(0)]]).await[0]["ok"], 0);
    let records = import(&service, "from_line=4", &body).await;
    assert!(end(&records).1.unwrap()["message"].as_str().unwrap().contains("goes on"));
    // In the middle of the last part of a list.
    let cut = body.windows(4).position(|text| text == b"part").unwrap() + 8;
    let records = import(&service, "from_line=3", &body[..cut]).await;
    let resume = end(&records).0["resume_line"].as_u64().unwrap();
    assert_eq!((resume, &end(&records).0["failed"]), (3, &json!(0)), "{records:?}");
    assert_eq!(batch(&client, &[&["EXISTS", &key(1)]]).await[0]["ok"], 0);
    let records = import(&service, &format!("from_line={resume}"), &body).await;
    assert_eq!(end(&records).1, None, "{records:?}");
    assert_eq!(batch(&client, &[&["LLEN", &key(1)]]).await[0]["ok"], 2);
    forget(&service, &format!("{prefix}*")).await;
}

/// Lists would be longer if a part of them were written twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_twice_when_connections_are_cut() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let proxy = Proxy::start(url.trim_start_matches("redis://").to_owned()).await;
    let cut = service(&format!("redis://127.0.0.1:{}", proxy.port));
    let prefix = prefix();
    let key = |i: usize| format!("{prefix}{i}");
    let mut lines = Vec::new();
    for i in 0..300 {
        let text = "x".repeat(2000);
        if i % 4 == 0 {
            lines.push(json!({ "key": key(i), "type": "list", "value": [text], "more": true }));
            lines.push(json!({ "part": ["b"] }));
        } else {
            lines.push(json!({ "key": key(i), "type": "list", "value": [text, "b"] }));
        }
    }
    for policy in ["skip", "replace"] {
        proxy.cut_every.store(13, Ordering::Relaxed);
        let records = import(&cut, &format!("conflict={policy}"), &file(&lines)).await;
        proxy.cut_every.store(0, Ordering::Relaxed);
        let (end, _) = end(&records);
        let number = |name: &str| end[name].as_u64().unwrap();
        assert!(number("unknown") + number("failed") > 0 && number("done") > 0, "{end}");
        assert_eq!(
            number("done") + number("skipped") + number("unknown") + number("failed"),
            300,
            "{end}"
        );
        let mut there = 0;
        for i in 0..300 {
            let length = batch(&client, &[&["LLEN", &key(i)]]).await[0]["ok"].as_u64().unwrap();
            assert!(length == 0 || length == 2, "{length} at {i}");
            there += length / 2;
        }
        let done = number("done") + number("skipped");
        assert!((done..=done + number("unknown")).contains(&there), "{there} of {end}");
        batch(&client, &[&["DEL", &key(0)]]).await;
        for i in 0..300 {
            batch(&client, &[&["DEL", &key(i)]]).await;
        }
    }
}

#[tokio::test]
async fn a_user_with_narrow_rights_sees_warnings() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let address = url.trim_start_matches("redis://");
    let mut admin = Admin::connect(address).await;
    let prefix = prefix();
    let user = prefix.replace(':', "");
    let keys = format!("~{prefix}a:*");
    let denied =
        ["-memory", "-info", "-time", "-dbsize", "-pttl", "-pexpiretime", "-xinfo", "-unlink"];
    let mut create = vec!["ACL", "SETUSER", &user, "on", ">secret", &keys, "+@all"];
    create.extend(denied);
    // What the server does not know, it can't deny.
    if admin.ask(&create).await.starts_with('-') {
        create.retain(|word| *word != "-pexpiretime");
        admin.done(&create).await;
    }
    let client = connect(&url).await;
    fill(&url, &format!("{prefix}a:")).await;
    batch(&client, &[&["SET", &format!("{prefix}b"), "v"]]).await;
    let narrow = service(&format!("redis://{user}:secret@{address}"));
    let lines = export(&narrow, &format!("pattern={prefix}*")).await;
    let records = parsed(&lines);
    let warned: Vec<&str> =
        told(&records, "warning").iter().map(|w| w["field"].as_str().unwrap()).collect();
    assert!(warned.contains(&"expires_at") && warned.contains(&"stream"), "{warned:?}");
    let sums = &records.last().unwrap()["end"];
    assert_eq!((&sums["keys"], &sums["skipped"]), (&json!(16), &json!(1)), "{records:?}");
    assert_eq!(told(&records, "skipped")[0]["key"], format!("{prefix}b"));

    let all = service(&url);
    forget(&all, &format!("{prefix}a:*")).await;
    let records = import(&narrow, "", &lines.concat()).await;
    let (ended, error) = end(&records);
    // A stream without entries can't be made without its state.
    assert_eq!((error, &ended["done"]), (None, &json!(15)), "{records:?}");
    let records = import(&narrow, "conflict=replace", &lines.concat()).await;
    assert_eq!(end(&records).0["done"], 15, "{records:?}");
    forget(&all, &format!("{prefix}*")).await;
    assert_eq!(admin.ask(&["ACL", "DELUSER", &user]).await, ":1");
}

#[tokio::test]
async fn an_import_that_is_left_writes_nothing_more() {
    let Some(url) = server("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let client = connect(&url).await;
    let key = prefix();
    let (sender, upload) = Upload::channel();
    let sent = Sent { upload: Some(upload), ..Sent::default() };
    let mut records = Records::open(&service, "POST", "/import", sent).await.unwrap();
    sender.send(Bytes::from_static(b"{\"redis_export\":1}\n")).await;
    assert!(records.next().await.unwrap()["job"].is_string());
    drop(records);
    let line = json!({ "key": key, "type": "string", "value": "v" });
    // Until nobody reads any more.
    while sender.send(format!("{line}\n").into()).await {}
    assert_eq!(batch(&client, &[&["EXISTS", &key]]).await[0]["ok"], 0);
}
