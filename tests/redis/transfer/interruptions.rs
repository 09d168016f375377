//! Files and connections that end before their time.

use bytes::Bytes;
use serde_json::{Value, json};
use studio_multidb::backend::redis::values::NewValue;
use studio_multidb::request::upload::Upload;

use super::{end, export, file, forget, import, parsed};
use crate::fixtures::{Records, given, soon, stop};
use crate::http::{request, service};
use crate::proxy::Proxy;
use crate::streams;
use crate::support::{SLOTS, batch, connect, prefix};

#[tokio::test]
async fn an_export_goes_on_where_it_was_cut_off() {
    let _still = SLOTS.read().await;
    for url in ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(given) {
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
        let mut records = streams::export(&service, &query).await.unwrap();
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
        let query = format!("pattern=other*&cursor={cursor}");
        assert_eq!(streams::export(&service, &query).await.err().unwrap().0, 400);
    }
}

#[tokio::test]
async fn an_import_goes_on_at_a_line() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
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
    let records = import(&service, "resume=5", &body).await;
    let (ended, error) = end(&records);
    assert_eq!((error, &ended["done"]), (None, &json!(1)), "{records:?}");
    assert_eq!(ended["checksum"], "right");
    assert_eq!(batch(&client, &[&["EXISTS", &key(0)]]).await[0]["ok"], 0);
    let records = import(&service, "resume=4", &body).await;
    assert!(end(&records).1.unwrap()["message"].as_str().unwrap().contains("goes on"));
    // In the middle of the last part of a list.
    let cut = body.windows(4).position(|text| text == b"part").unwrap() + 8;
    let records = import(&service, "resume=3", &body[..cut]).await;
    let resume = end(&records).0["resume"].as_str().unwrap();
    assert_eq!((resume, &end(&records).0["failed"]), ("3", &json!(0)), "{records:?}");
    assert_eq!(batch(&client, &[&["EXISTS", &key(1)]]).await[0]["ok"], 0);
    let records = import(&service, &format!("resume={resume}"), &body).await;
    assert_eq!(end(&records).1, None, "{records:?}");
    assert_eq!(batch(&client, &[&["LLEN", &key(1)]]).await[0]["ok"], 2);
    forget(&service, &format!("{prefix}*")).await;
}

/// Lists would be longer if a part of them were written twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_twice_when_connections_are_cut() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let proxy = Proxy::before(&url).await;
    let cut = service(&proxy.url());
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
        proxy.cut_every(13);
        let records = import(&cut, &format!("on_conflict={policy}"), &file(&lines)).await;
        proxy.cut_every(0);
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
async fn an_import_that_is_left_writes_nothing_more() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let client = connect(&url).await;
    let key = prefix();
    let (sender, upload) = Upload::channel();
    let mut records = streams::import(&service, "", upload).await.unwrap();
    sender.send(Bytes::from_static(b"{\"redis_export\":1}\n")).await;
    assert!(records.next().await.unwrap()["job"].is_string());
    drop(records);
    let line = json!({ "key": key, "type": "string", "value": "v" });
    // Until nobody reads any more.
    while sender.send(format!("{line}\n").into()).await {}
    assert_eq!(batch(&client, &[&["EXISTS", &key]]).await[0]["ok"], 0);
}

#[tokio::test]
async fn an_export_that_is_stopped_says_so_and_what_it_had_is_imported() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let client = connect(&url).await;
    let prefix = prefix();
    let value = "v".repeat(100_000);
    for i in 0..20 {
        batch(&client, &[&["SET", &format!("{prefix}{i}"), &value]]).await;
    }
    let path = format!("/export?pattern={prefix}*");
    let mut export = Records::open(&service, request("GET", &path, &Value::Null)).await.unwrap();
    let mut file = export.line().await.unwrap();
    file.extend(export.line().await.unwrap());
    assert_eq!(stop(&service, &export.job()).await.0, 200);
    while let Some(line) = export.line().await {
        file.extend(line);
    }
    forget(&service, &format!("{prefix}*")).await;
    let records = import(&service, "", &file).await;
    let (end, error) = end(&records);
    let message = error.unwrap()["message"].as_str().unwrap();
    assert!(message.contains("the export itself failed: it was asked to stop"), "{message}");
    let done = end["done"].as_u64().unwrap();
    assert!(done > 0 && done < 20, "{end}");
    forget(&service, &format!("{prefix}*")).await;
}
