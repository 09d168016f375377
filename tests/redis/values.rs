//! Reading and writing values of all types.

use serde_json::json;
use studio_multidb::backend::redis::keyspace::lifetime::Expiry;
use studio_multidb::backend::redis::server::info::Depth;
use studio_multidb::backend::redis::values::{Condition, NewValue, StreamEntry, Window};
use studio_multidb::error::Code;
use studio_multidb::outcome::Outcome;

use crate::fixtures::{given, soon};
use crate::support::{batch, connect, each, prefix, read, write};

fn whole() -> Window {
    Window::default()
}

#[tokio::test]
async fn each_type_reads_back_as_it_was_written() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let key = prefix().into_bytes();
    let bytes = |text: &str| text.as_bytes().to_vec();

    write(&client, &key, NewValue::String(bytes("añ"))).await.unwrap();
    let value = read(&client, &key, whole()).await.unwrap();
    assert_eq!(value["value"], "añ");
    assert_eq!(
        (&value["type"], &value["ttl"], &value["length"]),
        (&json!("string"), &json!(-1), &json!(3))
    );

    let hash = vec![(bytes("__proto__"), bytes("1")), (vec![0xff], vec![0xfe])];
    write(&client, &key, NewValue::Hash(hash)).await.unwrap();
    let value = read(&client, &key, whole()).await.unwrap();
    assert_eq!(value["fields"], json!({ "__proto__": "1" }));
    assert_eq!(
        value["binary_fields"],
        json!([[{ "$binary": { "base64": "/w==" } }, { "$binary": { "base64": "/g==" } }]])
    );

    write(&client, &key, NewValue::List(vec![bytes("a"), bytes(""), bytes("a")])).await.unwrap();
    assert_eq!(read(&client, &key, whole()).await.unwrap()["values"], json!(["a", "", "a"]));

    write(&client, &key, NewValue::Set(vec![bytes("a")])).await.unwrap();
    assert_eq!(read(&client, &key, whole()).await.unwrap()["members"], json!(["a"]));

    let scores = [("a", "-inf"), ("b", "1.5"), ("c", "3"), ("d", "inf")];
    let members = scores.iter().map(|(m, s)| (bytes(m), (*s).to_owned())).collect();
    write(&client, &key, NewValue::SortedSet(members)).await.unwrap();
    let expected: Vec<_> = scores.iter().map(|(m, s)| json!({ "member": m, "score": s })).collect();
    assert_eq!(read(&client, &key, whole()).await.unwrap()["members"], json!(expected));

    let fields = vec![(bytes("f"), bytes("1")), (bytes("f"), bytes("2"))];
    let entry = StreamEntry { id: "5-1".to_owned(), fields };
    write(&client, &key, NewValue::Stream(vec![entry])).await.unwrap();
    let value = read(&client, &key, whole()).await.unwrap();
    assert_eq!(value["entries"], json!([{ "id": "5-1", "fields": [["f", "1"], ["f", "2"]] }]));
}

#[tokio::test]
async fn large_values_are_read_in_pages() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let key = prefix().into_bytes();
    let numbered = |n: usize| (0..n).map(|i| format!("{i:05}").into_bytes()).collect::<Vec<_>>();
    let values = [
        ("values", NewValue::List(numbered(2500))),
        ("members", NewValue::Set(numbered(2500))),
        (
            "members",
            NewValue::SortedSet(numbered(2500).into_iter().map(|m| (m, "1".to_owned())).collect()),
        ),
        ("fields", NewValue::Hash(numbered(2500).into_iter().map(|f| (f.clone(), f)).collect())),
        (
            "entries",
            NewValue::Stream(
                (1..=2500)
                    .map(|i| StreamEntry {
                        id: format!("{i}-0"),
                        fields: vec![(vec![b'f'], vec![b'v'])],
                    })
                    .collect(),
            ),
        ),
    ];
    for (member, value) in values {
        write(&client, &key, value.clone()).await.unwrap();
        let (mut seen, mut cursor, mut pages) = (std::collections::BTreeSet::new(), None, 0);
        loop {
            let window = Window { cursor: cursor.clone(), count: Some(1000), ..whole() };
            let page = read(&client, &key, window).await.unwrap();
            assert_eq!(page["length"], 2500);
            match &page[member] {
                serde_json::Value::Array(items) => {
                    seen.extend(items.iter().map(ToString::to_string));
                }
                serde_json::Value::Object(fields) => seen.extend(fields.keys().cloned()),
                other => panic!("{other}"),
            }
            pages += 1;
            let next = page["cursor"].as_str().unwrap();
            if next == "0" {
                break;
            }
            cursor = Some(next.to_owned());
        }
        assert_eq!(seen.len(), 2500, "{:?}", value.native_type());
        assert!(pages >= 3);
    }
}

#[tokio::test]
async fn a_window_of_a_string_is_whole_characters() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let key = prefix().into_bytes();
    write(&client, &key, NewValue::String("€€€".into())).await.unwrap();
    let window = Window { count: Some(4), ..whole() };
    let page = read(&client, &key, window).await.unwrap();
    assert_eq!((&page["value"], &page["cursor"]), (&json!("€"), &json!("3")));
    let window = Window { cursor: Some("3".to_owned()), count: Some(100), ..whole() };
    let page = read(&client, &key, window).await.unwrap();
    assert_eq!((&page["value"], &page["cursor"]), (&json!("€€"), &json!("0")));
}

#[tokio::test]
async fn a_value_of_64_mib_is_refused_and_its_windows_are_not() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let key = prefix();
    write(&client, key.as_bytes(), NewValue::String(vec![b'x'; 64 << 20])).await.unwrap();
    let error = read(&client, key.as_bytes(), whole()).await.unwrap_err();
    assert_eq!(error.code(), Code::PayloadTooLarge);
    let window = Window { offset: Some(1 << 20), count: Some(1 << 10), ..whole() };
    let page = read(&client, key.as_bytes(), window).await.unwrap();
    assert_eq!(page["value"].as_str().unwrap().len(), 1 << 10);
    // In a batch it fails alone, but for writes whose answers came behind it.
    let small = format!("{key}small");
    let results =
        batch(&client, &[&["SET", &small, "v"], &["GET", &key], &["GET", &small], &["DEL", &key]])
            .await;
    assert_eq!(results[0]["ok"], "OK");
    assert_eq!(results[1]["error"]["code"], "PAYLOAD_TOO_LARGE");
    assert_eq!(results[2]["ok"], "v");
    assert_eq!(results[3]["error"]["outcome"], "unknown");
    // All of this together is too much for one exchange, and no single answer is.
    let sets: Vec<String> = (0..40).map(|i| format!("{key}{i}")).collect();
    for key in &sets {
        write(&client, key.as_bytes(), NewValue::String(vec![b'x'; 2 << 20])).await.unwrap();
    }
    let gets = each(&client, &sets, |key| ["GET", key]).await;
    assert!(gets.iter().all(|result| result["ok"].is_string()));
    for key in &sets {
        client.delete(key.as_bytes(), soon()).await.unwrap();
    }
    client.delete(key.as_bytes(), soon()).await.unwrap();
}

#[tokio::test]
async fn conditions_hold_for_every_type() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let key = prefix().into_bytes();
    for value in [NewValue::String(b"v".to_vec()), NewValue::List(vec![b"v".to_vec()])] {
        client.delete(&key, soon()).await.unwrap();
        let absent = client.write(&key, &value, None, Some(Condition::Present), soon()).await;
        assert_eq!(absent.unwrap_err().code(), Code::Conflict);
        client.write(&key, &value, Some(100), Some(Condition::Absent), soon()).await.unwrap();
        let there = client.write(&key, &value, None, Some(Condition::Absent), soon()).await;
        assert_eq!(there.unwrap_err().code(), Code::Conflict);
        assert!(read(&client, &key, whole()).await.unwrap()["ttl"].as_i64().unwrap() > 0);
        client.write(&key, &value, None, Some(Condition::Present), soon()).await.unwrap();
        assert_eq!(read(&client, &key, whole()).await.unwrap()["ttl"], -1);
    }
}

#[tokio::test]
async fn a_key_expires_persists_and_goes() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let key = prefix().into_bytes();
    let expire = async |expiry| client.expire(&key, expiry, soon()).await.map(|told| json!(told));
    assert_eq!(expire(Expiry::In(5)).await.unwrap_err().code(), Code::DbNotFound);
    assert_eq!(expire(Expiry::Never).await.unwrap_err().code(), Code::DbNotFound);
    write(&client, &key, NewValue::String(b"v".to_vec())).await.unwrap();
    let told = expire(Expiry::In(100_500)).await.unwrap();
    assert!((100_000..=100_500).contains(&told["ttl_ms"].as_i64().unwrap()), "{told}");
    assert!(read(&client, &key, whole()).await.unwrap()["ttl"].as_i64().unwrap() > 0);
    for _ in 0..2 {
        assert_eq!(expire(Expiry::Never).await.unwrap()["ttl"], -1);
    }
    assert_eq!(read(&client, &key, whole()).await.unwrap()["ttl"], -1);
    let told = expire(Expiry::At(4_102_444_800_000)).await.unwrap();
    assert!(told["ttl"].as_i64().unwrap() > 1_000_000, "{told}");
    assert!(client.delete(&key, soon()).await.unwrap());
    assert!(!client.delete(&key, soon()).await.unwrap());
    assert_eq!(read(&client, &key, whole()).await.unwrap_err().code(), Code::DbNotFound);
}

#[tokio::test]
async fn a_batch_gives_each_command_its_own_result() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let key = prefix();
    let results = batch(
        &client,
        &[
            &["SET", &key, "9007199254740992"],
            &["INCR", &key],
            &["HGET", &key, "f"],
            &["GET", &key],
            &["EVAL", "return 1", "0"],
            &["DEL", &key],
            &["GET", &key],
        ],
    )
    .await;
    assert_eq!(results[0], json!({ "ok": "OK" }));
    assert_eq!(results[1], json!({ "ok": { "$numberLong": "9007199254740993" } }));
    assert_eq!(results[2]["error"]["code"], "WRONG_TYPE");
    assert_eq!(results[2]["error"]["outcome"], "not_applied");
    assert_eq!(results[3], json!({ "ok": "9007199254740993" }));
    assert_eq!(results[4]["error"]["code"], "OPERATION_NOT_ALLOWED");
    assert_eq!(results[5], json!({ "ok": 1 }));
    assert_eq!(results[6], json!({ "ok": null }));
}

#[tokio::test]
async fn the_actual_type_is_told_where_another_was_expected() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let key = prefix().into_bytes();
    write(&client, &key, NewValue::Set(vec![b"v".to_vec()])).await.unwrap();
    let error = client.get(&key, soon()).await.unwrap_err();
    assert_eq!(error.code(), Code::WrongType);
    assert_eq!(error.details()["actual_type"], "set");
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
}

#[tokio::test]
async fn the_server_says_what_it_is() {
    let Some(url) = given("TEST_REDIS_URL") else { return };
    let client = connect(&url).await;
    let info = serde_json::to_value(client.info(Depth::Usual, soon()).await.unwrap()).unwrap();
    assert_eq!(info["server"]["mode"], "standalone");
    assert_eq!(info["replication"]["role"], "master");
    assert!(info["memory"]["used_memory"].as_u64().unwrap() > 0);
    assert!(info["raw"]["server"]["tcp_port"].is_string());
}
