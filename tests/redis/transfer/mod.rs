//! Exports and imports.

use crate::fixtures::soon;
use crate::streams;
use crate::support::{connect, raw_command};

mod dumps;
#[cfg(target_os = "linux")]
mod flat;
mod interruptions;
mod refusals;
mod values;

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use studio_multidb::backend::redis::values::{NewValue, StreamEntry};
use studio_multidb::request::upload::Upload;
use studio_multidb::service::Service;

/// The lines of an export, ends included.
pub(crate) async fn export(service: &Arc<Service>, query: &str) -> Vec<Vec<u8>> {
    let mut records = streams::export(service, query).await.unwrap();
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
    streams::import(service, query, Upload::whole(body)).await.unwrap().all().await
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
    let body = json!({ "action": "delete", "pattern": pattern, "confirm": true });
    streams::bulk(service, body).await.unwrap().all().await;
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
        "skipped": lines.iter().filter(|line| line.get("problem").or(line.get("skipped")).is_some()).count(),
        "lines": lines.len() + 1,
        "sha256": hex::encode(Sha256::digest(&text)),
    } });
    text.extend(format!("{end}\n").bytes());
    text
}
