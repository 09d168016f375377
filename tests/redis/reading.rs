//! Values in windows, from either end, and as what they are, through the HTTP door.

use std::sync::Arc;

use serde_json::{Value, json};
use studio_multidb::api::http::handle;
use studio_multidb::service::Service;

use crate::fixtures::{accepting, given, stream, whole};
use crate::http::{ok, request, send, service};
use crate::support::{Admin, batch, connect, prefix};

fn every_server() -> impl Iterator<Item = String> {
    ["TEST_REDIS_URL", "TEST_REDIS_CLUSTER_URL"].into_iter().filter_map(given)
}

async fn post(service: &Arc<Service>, key: &str, type_name: &str, value: Value) {
    let body = json!({ "value": value, "type": type_name });
    ok(service, "POST", &format!("/keys/{key}"), body).await;
}

async fn get(service: &Arc<Service>, path: &str) -> Value {
    let answer = ok(service, "GET", &format!("/keys/{path}"), Value::Null).await;
    answer["data"].clone()
}

async fn refused(service: &Arc<Service>, path: &str, code: &str) {
    let (_, answer) = send(service, "GET", &format!("/keys/{path}"), Value::Null).await;
    assert_eq!(answer["error"]["code"], code, "{path}: {answer}");
}

/// All pages of `member`, in order.
async fn pages(service: &Arc<Service>, path: &str, member: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let more = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
        let page = get(service, &format!("{path}{more}")).await;
        all.extend(page[member].as_array().unwrap().iter().cloned());
        page["cursor"].as_str().unwrap().clone_into(&mut cursor);
        if cursor == "0" {
            return all;
        }
    }
}

#[tokio::test]
async fn a_list_is_read_from_either_end() {
    for url in every_server() {
        let (service, key) = (service(&url), prefix());
        let values: Vec<Value> = (0..25).map(Value::from).map(|v| json!(v.to_string())).collect();
        post(&service, &key, "list", json!(values)).await;
        let backwards: Vec<Value> = values.iter().rev().cloned().collect();
        assert_eq!(pages(&service, &format!("{key}?count=10"), "values").await, values);
        let path = format!("{key}?count=10&reverse=true");
        assert_eq!(pages(&service, &path, "values").await, backwards);
        let tail = get(&service, &format!("{key}?reverse=true&offset=20&count=100")).await;
        assert_eq!((&tail["values"], &tail["cursor"]), (&json!(backwards[20..]), &json!("0")));
    }
}

#[tokio::test]
async fn a_sorted_set_is_read_by_rank_and_by_score_both_ways() {
    for url in every_server() {
        let (service, key) = (service(&url), prefix());
        let scores = ["-inf", "-1.5", "0", "1", "2", "inf"];
        let members: Vec<Value> = scores.iter().map(|s| json!([format!("m{s}"), s])).collect();
        post(&service, &key, "zset", json!(members)).await;
        let score_of = |members: Vec<Value>| -> Vec<String> {
            members.iter().map(|m| m["score"].as_str().unwrap().to_owned()).collect()
        };
        let read = async |query: &str| {
            score_of(pages(&service, &format!("{key}?count=2{query}"), "members").await)
        };
        assert_eq!(read("").await, scores);
        assert_eq!(read("&reverse=true").await, ["inf", "2", "1", "0", "-1.5", "-inf"]);
        assert_eq!(read("&min=-1.5&max=(2").await, ["-1.5", "0", "1"]);
        assert_eq!(read("&min=(-1.5&reverse=true").await, ["inf", "2", "1", "0"]);
        assert_eq!(read("&max=-inf").await, ["-inf"]);
        let page = get(&service, &format!("{key}?min=0&count=1&offset=1")).await;
        assert_eq!((&page["matched"], &page["length"]), (&json!(4), &json!(6)));
        assert_eq!(page["members"][0]["score"], "1");
        let page = get(&service, &format!("{key}?pattern=*inf")).await;
        assert_eq!(page["members"].as_array().unwrap().len(), 2, "{page}");
        refused(&service, &format!("{key}?min=x"), "VALIDATION_ERROR").await;
        refused(&service, &format!("{key}?pattern=*&reverse=true"), "VALIDATION_ERROR").await;
    }
}

#[tokio::test]
async fn a_stream_is_read_between_ids_both_ways() {
    for url in every_server() {
        let (service, key) = (service(&url), prefix());
        let entries: Vec<Value> = (1..=9)
            .map(|i| json!({ "id": format!("{i}-{}", i % 3), "fields": [["f", i]] }))
            .collect();
        post(&service, &key, "stream", json!(entries)).await;
        let read = async |query: &str| -> Vec<String> {
            let path = format!("{key}?count=2{query}");
            let entries = pages(&service, &path, "entries").await;
            entries.iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect()
        };
        let forward = ["1-1", "2-2", "3-0", "4-1", "5-2", "6-0", "7-1", "8-2", "9-0"];
        assert_eq!(read("").await, forward);
        let backward: Vec<&str> = forward.iter().rev().copied().collect();
        assert_eq!(read("&reverse=true").await, backward);
        assert_eq!(read("&min=3&max=5-2").await, ["3-0", "4-1", "5-2"]);
        assert_eq!(read("&min=7&reverse=true").await, ["9-0", "8-2", "7-1"]);
        refused(&service, &format!("{key}?min=x"), "VALIDATION_ERROR").await;
    }
}

#[tokio::test]
async fn groups_consumers_and_pending_entries_are_told() {
    for url in every_server() {
        let (service, client, key) = (service(&url), connect(&url).await, prefix());
        let entries: Vec<Value> =
            (1..=5).map(|i| json!({ "id": format!("{i}-0"), "fields": [["f", i]] })).collect();
        post(&service, &key, "stream", json!(entries)).await;
        let path = format!("/keys/{key}");
        for group in [json!("g"), json!({ "$binary": { "base64": "/w==" } })] {
            let create = json!({ "stream": { "group_create": { "group": group, "id": "0" } } });
            ok(&service, "PUT", &path, json!({ "edit": create })).await;
        }
        let mut admin = Admin::at(&url, &client, &key).await;
        for (consumer, count) in [("one", "3"), ("two", "1")] {
            let read = ["XREADGROUP", "GROUP", "g", consumer, "COUNT", count, "STREAMS", &key, ">"];
            assert!(admin.ask(&read).await.starts_with('*'));
        }
        let answer = get(&service, &format!("{key}/groups")).await;
        assert_eq!(answer["stream"]["length"], 5);
        assert_eq!(answer["stream"]["last_generated_id"], "5-0");
        assert_eq!(answer["groups"].as_array().unwrap().len(), 2);
        let group = answer["groups"].as_array().unwrap().iter().find(|g| g["name"] == "g").unwrap();
        assert_eq!((&group["consumers"], &group["pending"]), (&json!(2), &json!(4)));
        assert_eq!(group["last_delivered_id"], "4-0");

        let answer = get(&service, &format!("{key}/consumers?group=g")).await;
        assert_eq!(
            (&answer["consumers"][0]["name"], &answer["truncated"]),
            (&json!("one"), &json!(false))
        );
        assert_eq!(answer["consumers"][0]["pending"], 3);
        assert!(answer["consumers"][0]["idle_ms"].is_i64());

        let answer = get(&service, &format!("{key}/pending?group=g")).await;
        let consumers = json!([{ "name": "one", "pending": 3 }, { "name": "two", "pending": 1 }]);
        let summary =
            json!({ "pending": 4, "min_id": "1-0", "max_id": "4-0", "consumers": consumers });
        assert_eq!(answer["summary"], summary);
        let first = &answer["entries"][0];
        assert_eq!((&first["id"], &first["consumer"]), (&json!("1-0"), &json!("one")));
        assert_eq!(first["deliveries"], 1);
        let ids = async |query: &str| -> Vec<String> {
            let path = format!("{key}/pending?group=g{query}");
            let entries = pages(&service, &path, "entries").await;
            entries.iter().map(|e| e["id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(ids("&count=1").await, ["1-0", "2-0", "3-0", "4-0"]);
        assert_eq!(ids("&consumer=two").await, ["4-0"]);
        assert_eq!(ids("&min=2&max=3").await, ["2-0", "3-0"]);
        assert_eq!(ids("&min_idle_ms=3600000").await, [""; 0]);

        // Names that are no text, and nothing pending.
        let path = |what: &str| {
            use base64::Engine as _;
            let key = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&key);
            format!("{key}/{what}?encoding=base64url&group=_w")
        };
        let empty = get(&service, &path("pending")).await;
        assert_eq!((&empty["summary"]["pending"], &empty["entries"]), (&json!(0), &json!([])));
        assert_eq!(get(&service, &path("consumers")).await["consumers"], json!([]));

        for what in ["consumers", "pending"] {
            refused(&service, &format!("{key}/{what}?group=none"), "DB_NOT_FOUND").await;
            refused(&service, &format!("{}/{what}?group=g", prefix()), "DB_NOT_FOUND").await;
        }
        refused(&service, &format!("{}/groups", prefix()), "DB_NOT_FOUND").await;
        let other = prefix();
        post(&service, &other, "set", json!(["m"])).await;
        refused(&service, &format!("{other}/groups"), "WRONG_TYPE").await;
    }
}

#[tokio::test]
async fn a_hyperloglog_is_shown_as_one_and_what_only_looks_like_one_is_not() {
    for url in every_server() {
        let (service, client, key) = (service(&url), connect(&url).await, prefix());
        let mut admin = Admin::at(&url, &client, &key).await;
        assert_eq!(admin.ask(&["PFADD", &key, "a", "b", "c"]).await, ":1");
        let value = get(&service, &key).await;
        assert_eq!(value["hyperloglog"], json!({ "count": 3, "encoding": "sparse" }));
        assert_eq!(value["type"], "string");
        post(&service, &key, "string", json!("HYLL is how it begins")).await;
        let value = get(&service, &key).await;
        assert!(value["hyperloglog"].is_null(), "{value}");
        assert_eq!(value["value"], "HYLL is how it begins");
    }
}

#[tokio::test]
async fn a_string_is_shown_as_bits_on_request() {
    for url in every_server() {
        let (service, key) = (service(&url), prefix());
        post(&service, &key, "string", json!({ "$binary": { "base64": "gEH/" } })).await;
        let all = get(&service, &format!("{key}?view=bits")).await;
        assert_eq!(all["bits"], "100000000100000111111111");
        assert_eq!((&all["bit_count"], &all["length"]), (&json!(11), &json!(3)));
        let part = get(&service, &format!("{key}?view=bits&offset=7&count=4")).await;
        assert_eq!((&part["bits"], &part["cursor"]), (&json!("0010"), &json!("11")));
        let rest = get(&service, &format!("{key}?view=bits&cursor=11")).await;
        assert_eq!((&rest["bits"], &rest["cursor"]), (&json!("0000111111111"), &json!("0")));
        refused(&service, &format!("{key}?view=bits&count=100000"), "PAYLOAD_TOO_LARGE").await;
        post(&service, &key, "list", json!(["a"])).await;
        refused(&service, &format!("{key}?view=bits"), "VALIDATION_ERROR").await;
    }
}

#[tokio::test]
async fn fields_and_members_are_found_by_pattern() {
    for url in every_server() {
        let (service, key) = (service(&url), prefix());
        post(&service, &key, "hash", json!({ "a1": "v", "a2": "v", "b": "v" })).await;
        let fields = get(&service, &format!("{key}?pattern=a*")).await["fields"].clone();
        assert_eq!(fields, json!({ "a1": "v", "a2": "v" }));
        refused(&service, &format!("{key}?offset=1"), "VALIDATION_ERROR").await;
        post(&service, &key, "set", json!(["a1", "b"])).await;
        assert_eq!(get(&service, &format!("{key}?pattern=b")).await["members"], json!(["b"]));
    }
}

#[tokio::test]
async fn a_value_of_any_length_is_downloaded_whole_or_cut_off_where_it_changes() {
    for url in every_server() {
        let (service, client, key) = (service(&url), connect(&url).await, prefix());
        let bytes: Vec<u8> = (0..5_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let value = studio_multidb::backend::redis::values::NewValue::String(bytes.clone());
        crate::support::write(&client, key.as_bytes(), value).await.unwrap();
        refused(&service, &key, "PAYLOAD_TOO_LARGE").await;
        let path = format!("/keys/{key}/download");
        let download = async || {
            let request = request("GET", &path, &Value::Null);
            handle(&service, accepting("*/*", request)).await
        };
        let response = download().await;
        let header = |name: &str| {
            let found = response.headers.iter().find(|(n, _)| *n == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        assert_eq!(header("content-type"), "application/octet-stream");
        assert!(header("content-disposition").starts_with("attachment; filename="));
        let downloaded = whole(stream(response)).await;
        assert!(downloaded == bytes, "{} bytes", downloaded.len());

        let mut feed = stream(download().await);
        feed.next().await.unwrap().unwrap();
        batch(&client, &[&["APPEND", &key, "x"]]).await;
        let end = loop {
            match feed.next().await {
                Some(Ok(_)) => {}
                end => break end,
            }
        };
        let error = end.expect("cut off").unwrap_err();
        assert_eq!(error.code().as_str(), "CONFLICT");
        batch(&client, &[&["DEL", &key]]).await;
        let (status, _) = send(&service, "GET", &path, Value::Null).await;
        assert_eq!(status, 404);
        post(&service, &key, "set", json!(["m"])).await;
        let (status, answer) = send(&service, "GET", &path, Value::Null).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("WRONG_TYPE")));
        post(&service, &key, "string", json!("")).await;
        let mut feed = stream(download().await);
        assert!(feed.next().await.is_none());
    }
}

#[tokio::test]
async fn a_key_is_renamed_and_copied_and_nothing_is_lost_by_it() {
    for url in every_server() {
        let (service, client) = (service(&url), connect(&url).await);
        let tag = format!("{{{}}}", prefix());
        let [a, b, c] = ["a", "b", "c"].map(|name| format!("{tag}{name}"));
        let path = |key: &str, what: &str| {
            let key =
                percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
            format!("/keys/{key}/{what}")
        };
        let sets: [&[&str]; 2] = [&["SET", &a, "v", "EX", "1000"], &["SET", &b, "other"]];
        batch(&client, &sets).await;
        let (status, answer) =
            send(&service, "POST", &path(&a, "rename"), json!({ "to": b })).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("CONFLICT")), "{answer}");
        let (status, answer) = send(&service, "POST", &path(&a, "copy"), json!({ "to": b })).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("CONFLICT")), "{answer}");
        let (_, answer) = send(&service, "POST", &path(&a, "copy"), json!({ "to": c })).await;
        assert_eq!(answer["data"]["ttl"], 1000, "{answer}");
        let body = json!({ "to": b, "nx": false });
        let (_, answer) = send(&service, "POST", &path(&a, "rename"), body.clone()).await;
        assert_eq!((&answer["data"]["key"], &answer["data"]["ttl"]), (&json!(b), &json!(1000)));
        assert_eq!(answer["data"]["renamed_from"], a);
        let got = batch(&client, &[&["GET", &a], &["GET", &b], &["GET", &c]]).await;
        assert_eq!(got, [json!({ "ok": null }), json!({ "ok": "v" }), json!({ "ok": "v" })]);
        let bytes = json!({ "to": { "$binary": { "base64": "/w==" } }, "nx": false });
        for what in ["rename", "copy"] {
            let (status, answer) = send(&service, "POST", &path(&a, what), body.clone()).await;
            assert_eq!(status, 404, "{answer}");
            if url.starts_with("redis+cluster") {
                let (status, answer) = send(&service, "POST", &path(&b, what), bytes.clone()).await;
                assert_eq!(status, 400, "{answer}");
                let message = answer["error"]["message"].as_str().unwrap();
                assert!(message.contains("different slots"), "{message}");
            }
            let (status, _) = send(&service, "POST", &path(&b, what), json!({ "to": b })).await;
            assert_eq!(status, 400);
        }
    }
}

#[tokio::test]
async fn a_key_is_copied_to_another_database_of_one_server_only() {
    for url in every_server() {
        let (service, client, key) = (service(&url), connect(&url).await, prefix());
        batch(&client, &[&["SET", &key, "v"]]).await;
        let path = format!("/keys/{key}/copy");
        let body = json!({ "to": key, "db": 9 });
        let (status, answer) = send(&service, "POST", &path, body).await;
        if url.starts_with("redis+cluster") {
            assert_eq!((status, &answer["error"]["code"]), (400, &json!("VALIDATION_ERROR")));
            continue;
        }
        assert_eq!((status, &answer["data"]["ttl"]), (200, &json!(null)), "{answer}");
        let other = connect(&format!("{url}/9")).await;
        assert_eq!(batch(&other, &[&["GET", &key]]).await[0]["ok"], "v");
        batch(&other, &[&["DEL", &key]]).await;
    }
}
