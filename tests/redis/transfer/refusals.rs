//! What is left out, refused or told, and what happens to the rest.

use bytes::Bytes;
use serde_json::json;
use studio_multidb::request::upload::Upload;

use super::{end, export, file, fill, forget, import, parsed};
use crate::fixtures::{given, told};
use crate::http::service;
use crate::streams;
use crate::support::{Admin, address, batch, connect, each, prefix};

#[tokio::test]
async fn keys_that_are_there_stay_are_replaced_or_end_the_import() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
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
        let types = each(&client, &names, |name| ["TYPE", name]).await;
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
    let records = import(&service, "on_conflict=skip", &body).await;
    assert_eq!((&end(&records).0["done"], &end(&records).0["skipped"]), (&json!(0), &json!(4)));
    assert_eq!(types().await, ["string"; 4]);
    let records = import(&service, "on_conflict=skip&dry_run=true", &body).await;
    assert_eq!(end(&records).0["skipped"], 4);
    for dry in ["true", "false"] {
        let records = import(&service, &format!("on_conflict=refuse&dry_run={dry}"), &body).await;
        let (end, error) = end(&records);
        assert_eq!((error, &end["failed"], &end["done"]), (None, &json!(4), &json!(0)));
        assert_eq!(
            (&end["outcome"], &end["ended_by"]),
            (&json!("not_applied"), &json!("completion"))
        );
        let problems = told(&records, "problem");
        assert!(problems.iter().all(|problem| problem["code"] == "CONFLICT"), "{problems:?}");
        assert_eq!(types().await, ["string"; 4]);
    }

    for (present, done) in [(0, 0), (2, 2), (3, 3)] {
        forget(&service, &format!("{prefix}*")).await;
        batch(&client, &[&["SET", &names[present], "old"]]).await;
        let records = import(&service, "on_conflict=fail", &body).await;
        let (end, error) = end(&records);
        assert_eq!(error.unwrap()["code"], "CONFLICT", "{records:?}");
        assert_eq!((&end["ended_by"], &end["failed"]), (&json!("failure"), &json!(1)), "{end}");
        assert_eq!(told(&records, "problem")[0]["key"], names[present]);
        // All of a chunk or nothing.
        assert!(end["done"].as_u64().unwrap() <= done, "{end}");
        assert_eq!(batch(&client, &[&["GET", &names[present]]]).await[0]["ok"], "old");
        let there = types().await.iter().filter(|t| *t != "none").count() as u64;
        assert_eq!(there, end["done"].as_u64().unwrap() + 1, "{end}");
    }

    old().await;
    let records = import(&service, "on_conflict=replace", &body).await;
    assert_eq!(end(&records).0["done"], 4, "{records:?}");
    assert_eq!(types().await, ["string", "list", "list", "string"]);
    forget(&service, &format!("{prefix}*")).await;
}

#[tokio::test]
async fn a_line_that_gives_a_name_two_values_is_refused_and_its_key_stays() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let (service, client, prefix) = (service(&url), connect(&url).await, prefix());
    let key = |name: &str| format!("{prefix}{name}");
    let body = file(&[
        json!({ "key": key("hash"), "type": "hash", "value": [["a", "1"], ["a", "2"]] }),
        json!({ "key": key("zset"), "type": "zset", "value": [["a", 1], ["a", 2]] }),
        json!({ "key": key("parts"), "type": "hash", "value": [["b", "1"]], "more": true }),
        json!({ "part": [["a", "1"], ["a", "2"]] }),
        json!({ "key": key("grew"), "type": "hash", "value": [["a", "1"]], "more": true }),
        json!({ "part": [["a", "2"]] }),
        json!({ "key": key("set"), "type": "set", "value": ["a", "a"] }),
    ]);
    for name in ["hash", "zset", "parts"] {
        batch(&client, &[&["SET", &key(name), "old"]]).await;
    }
    let records = import(&service, "on_conflict=replace", &body).await;
    let (end, error) = end(&records);
    assert_eq!((&end["done"], &end["failed"], error), (&json!(2), &json!(3), None), "{records:?}");
    for problem in told(&records, "problem") {
        assert!(problem["message"].as_str().unwrap().contains("`value[1]`"), "{problem}");
    }
    for name in ["hash", "zset", "parts"] {
        assert_eq!(batch(&client, &[&["GET", &key(name)]]).await[0]["ok"], "old", "{name}");
    }
    let read = batch(&client, &[&["HGET", &key("grew"), "a"], &["SCARD", &key("set")]]).await;
    assert_eq!((&read[0]["ok"], &read[1]["ok"]), (&json!("2"), &json!(1)));
    forget(&service, &format!("{prefix}*")).await;
}

#[tokio::test]
async fn what_has_expired_is_left_out_and_counted() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
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
    let records = import(&service, "ttl=none&on_conflict=replace", &body).await;
    assert_eq!(end(&records).0["done"], 2, "{records:?}");
    assert_eq!(batch(&client, &[&["TTL", &key]]).await[0]["ok"], -1);
    batch(&client, &[&["DEL", &key]]).await;
}

#[tokio::test]
async fn each_line_that_makes_no_sense_is_told_and_the_others_are_written() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
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
    let mut told: Vec<u64> = problems.iter().map(|p| p["number"].as_u64().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, [3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 15], "{problems:#?}");
    forget(&service, &format!("{prefix}*")).await;
}

#[tokio::test]
async fn a_file_that_is_none_or_was_changed_is_told_as_such() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
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
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let service = service(&url);
    let header = Bytes::from_static(b"{\"redis_export\":1}\n");
    for (chunks, code) in [(70, "PAYLOAD_TOO_LARGE"), (1, "VALIDATION_ERROR")] {
        let (sender, upload) = Upload::channel();
        let records = streams::import(&service, "", upload).await.unwrap();
        let all = tokio::spawn(records.all());
        sender.send(header.clone()).await;
        for _ in 0..chunks {
            sender.send(vec![b'['; 1 << 20].into()).await;
        }
        drop(sender);
        let records = all.await.unwrap();
        let error = end(&records).1.unwrap();
        assert_eq!(error["code"], code, "{error}");
        assert_eq!(error["details"]["number"], 2);
    }
}

#[tokio::test]
async fn a_user_with_narrow_rights_sees_warnings() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let address = address(&url);
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
    assert_eq!(told(&records, "problem")[0]["key"], format!("{prefix}b"));

    let all = service(&url);
    forget(&all, &format!("{prefix}a:*")).await;
    let records = import(&narrow, "", &lines.concat()).await;
    let (ended, error) = end(&records);
    // A stream without entries can't be made without its state.
    assert_eq!((error, &ended["done"]), (None, &json!(15)), "{records:?}");
    let records = import(&narrow, "on_conflict=replace", &lines.concat()).await;
    assert_eq!(end(&records).0["done"], 15, "{records:?}");
    forget(&all, &format!("{prefix}*")).await;
    assert_eq!(admin.ask(&["ACL", "DELUSER", &user]).await, ":1");
}
