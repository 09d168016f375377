//! Collections out to files and in again.

use serde_json::{Value, json};
use studio_multidb::api::http::{Request, Response, handle};
use studio_multidb::request::feed::Feed;
use studio_multidb::request::reply::Body;
use studio_multidb::request::upload::Upload;

use super::api::{Api, api};
use super::proxy::{Fault, Proxy};
use super::support::parsed;
use crate::fixtures::{self, encoded, given, stream, whole};

async fn export(api: &Api, query: &str) -> (Response, Vec<u8>) {
    let request = api.request("GET", &format!("/export?{query}"), &Value::Null);
    let mut response = handle(&api.service, request).await;
    let body = std::mem::replace(&mut response.body, Body::Whole(Vec::new()));
    let Body::Stream(feed) = body else { return (response, Vec::new()) };
    (response, whole(feed).await)
}

async fn read(response: Response) -> Vec<Value> {
    let text = match response.body {
        Body::Whole(bytes) => bytes,
        Body::Stream(feed) => whole(feed).await,
    };
    let text = String::from_utf8(text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(super) async fn import(api: &Api, query: &str, body: &[u8]) -> Vec<Value> {
    let request = api.request("POST", &format!("/import?{query}"), &Value::Null);
    let request = Request { body: body.to_vec(), ..request };
    read(handle(&api.service, request).await).await
}

fn refusals(records: &[Value]) -> Vec<u64> {
    records.iter().filter_map(|record| record["problem"]["number"].as_u64()).collect()
}

pub(super) fn done(records: &[Value]) -> &Value {
    let last = records.last().unwrap();
    assert!(last["end"].is_object(), "{records:?}");
    &last["end"]
}

fn every_type() -> Vec<Value> {
    vec![
        json!({ "_id": { "$oid": "656565656565656565656565" }, "text": "5", "empty": "", "n": null }),
        json!({ "_id": { "$numberLong": "2" }, "a.b": { "$numberDouble": "-0.0" }, "x": [1, "a,\"b\n"] }),
        json!({ "_id": "3", "date": { "$date": { "$numberLong": "-62135596800000" } } }),
        json!({ "_id": { "$numberInt": "4" }, "d": { "$numberDecimal": "1.200" },
            "s": { "$symbol": "sym" }, "in": { "deep": { "$numberLong": "9007199254740993" } } }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_format_brings_every_type_back() {
    for format in ["ndjson", "json", "csv"] {
        let Some(api) = api(&format!("transfer_{format}")).await else { return };
        api.insert(&every_type()).await;
        let (response, file) =
            export(&api, &format!("format={format}&sort=%7B%22_id%22:1%7D")).await;
        assert_eq!(response.status, 200);
        let disposition = response.headers.iter().find(|(name, _)| *name == "content-disposition");
        assert!(disposition.unwrap().1.contains(&format!(".{format}")), "{disposition:?}");

        let target = super::api::api(&format!("transfer_{format}_back")).await.unwrap();
        let records = import(&target, &format!("format={format}"), &file).await;
        assert_eq!(done(&records)["inserted"], 4, "{records:?}");
        let sorted = "ejson=canonical&sort=%7B%22_id%22:1%7D&count=false";
        let (_, before) = api.get(&format!("/documents?{sorted}")).await;
        let (_, after) = target.get(&format!("/documents?{sorted}")).await;
        let documents = |answer: &Value| answer["data"]["documents"].as_array().unwrap().clone();
        assert_eq!(documents(&before), documents(&after), "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_chooses_what_is_exported() {
    let Some(api) = api("transfer_query").await else { return };
    let documents: Vec<Value> =
        (0..2500).map(|i| json!({ "_id": i, "name": format!("n{i}"), "in": { "a": i } })).collect();
    api.insert(&documents).await;
    let (_, all) = export(&api, "").await;
    assert_eq!(all.split(|&b| b == b'\n').count(), 2501);
    let query = format!(
        "format=csv&ejson=relaxed&fields=_id,in.a,none&filter={}&sort={}&limit=2&skip=1",
        encoded(&json!({ "_id": { "$gte": 100 } })),
        encoded(&json!({ "_id": -1 })),
    );
    let (_, table) = export(&api, &query).await;
    assert_eq!(String::from_utf8(table).unwrap(), "_id,in.a,none\r\n2498,2498,\r\n2497,2497,\r\n");
    let query = "ejson=relaxed&limit=1&sort=%7B%22_id%22%3A1%7D&projection=%7B%22name%22%3A0%7D";
    let (_, line) = export(&api, query).await;
    assert_eq!(String::from_utf8(line).unwrap(), "{\"_id\":0,\"in\":{\"a\":0}}\n");
    let (_, none) = export(&api, "format=json&filter=%7B%22_id%22:-1%7D").await;
    assert_eq!(serde_json::from_slice::<Value>(&none).unwrap(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_export_is_told_before_it_begins() {
    let Some(api) = api("transfer_wrong").await else { return };
    for query in
        ["format=xml", "fields=a", "filter=%7B%22$where%22:%221%22%7D", "format=csv&fields="]
    {
        let (status, answer) = api.get(&format!("/export?{query}")).await;
        assert!((400..500).contains(&status), "{query}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_that_is_refused_is_reported_and_the_others_are_written() {
    let Some(api) = api("transfer_refused").await else { return };
    api.insert(&[json!({ "_id": 3 })]).await;
    let deep = format!("{}1{}", "{\"a\":".repeat(201), "}".repeat(201));
    let body = format!(
        "{{\"_id\":1}}\n{{broken\n{{\"_id\":3}}\n\n[1]\n{{\"a\":1,\"a\":2}}\n{deep}\n\u{0}\n{{\"_id\":9}}"
    );
    let mut body = body.into_bytes();
    body.extend(b"\n{\"_id\":\"\xff\"}\n{\"_id\":{\"$oid\":\"12\"}}\n");
    let records = import(&api, "", &body).await;
    let mut refused = refusals(&records);
    refused.sort_unstable();
    assert_eq!(refused, [2, 3, 5, 6, 7, 8, 10, 11]);
    assert_eq!(done(&records)["inserted"], 2);
    assert_eq!(done(&records)["read"], 10);
    let conflict = records.iter().find(|record| record["problem"]["number"] == 3).unwrap();
    assert_eq!(conflict["problem"]["code"], "CONFLICT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_there_is_refused_passed_over_or_replaced() {
    let Some(api) = api("transfer_conflict").await else { return };
    let body = b"{\"_id\":1,\"v\":2}\n{\"_id\":2,\"v\":2}\n{\"v\":3}\n";
    for (policy, skipped, replaced) in [("skip", 1, 0), ("replace", 0, 1)] {
        let clear = json!({ "deleteMany": { "filter": {} }, "confirm": true });
        api.ok("POST", "/documents/bulk", clear).await;
        api.insert(&[json!({ "_id": 1, "v": 1 })]).await;
        let records = import(&api, &format!("on_conflict={policy}"), body).await;
        let counts = done(&records);
        assert_eq!((&counts["skipped"], &counts["replaced"]), (&json!(skipped), &json!(replaced)));
        let (_, answer) = api.get("/documents/1?id_type=int").await;
        assert_eq!(answer["data"]["v"], if replaced == 1 { 2 } else { 1 }, "{policy}");
    }
    for (policy, [inserted, replaced, skipped, failed]) in
        [("refuse", [1, 0, 0, 2]), ("skip", [1, 0, 2, 0]), ("replace", [1, 2, 0, 0])]
    {
        let records = import(&api, &format!("dry_run=true&on_conflict={policy}"), body).await;
        let counts = done(&records);
        let told = ["inserted", "replaced", "skipped", "failed"].map(|name| counts[name].clone());
        assert_eq!(
            told,
            [inserted, replaced, skipped, failed].map(|count| json!(count)),
            "{policy}"
        );
        assert_eq!(
            (&counts["outcome"], &records[0]["dry_run"]),
            (&json!("not_applied"), &json!(true))
        );
    }
    // What comes after the one that ends it would not be written either.
    let records = import(&api, "dry_run=true&on_conflict=fail", body).await;
    let [.., end, error] = &records[..] else { panic!("{records:?}") };
    assert_eq!((&end["end"]["done"], &end["end"]["failed"]), (&json!(0), &json!(1)), "{records:?}");
    assert_eq!(
        (&error["error"]["code"], &error["error"]["details"]["number"]),
        (&json!("CONFLICT"), &json!(1))
    );
    let mixed = b"{\"_id\":7}\n{broken\n{\"_id\":1}\n{\"_id\":8}\n";
    let records = import(&api, "on_conflict=fail", mixed).await;
    let [.., end, error] = &records[..] else { panic!("{records:?}") };
    assert_eq!(
        (&end["end"]["inserted"], &end["end"]["failed"]),
        (&json!(1), &json!(2)),
        "{records:?}"
    );
    assert_eq!(
        (&end["end"]["ended_by"], &error["error"]["code"]),
        (&json!("failure"), &json!("CONFLICT"))
    );
    let (_, answer) = api.get("/documents/8?id_type=int").await;
    assert!(answer["data"].is_null(), "{answer}");
    let records = import(&api, "stop_on_error=true", body).await;
    let error = &records.last().unwrap()["error"];
    assert_eq!(error["code"], "CONFLICT", "{records:?}");
}

/// Documents without an `_id`, a line each.
fn numbered(count: u32) -> String {
    let lines: Vec<String> = (0..count).map(|n| format!("{{\"n\":{n}}}")).collect();
    lines.join("\n")
}

/// Sends `body` up to `bytes`, and then no more.
async fn cut_off(api: &Api, body: &[u8], bytes: usize) -> Vec<Value> {
    let (sender, upload) = Upload::channel();
    let sent = body[..bytes].to_vec();
    let sending = async move {
        for piece in sent.chunks(10_000) {
            sender.send(piece.to_vec().into()).await;
        }
    };
    let reading = async { read(api.import(upload).await).await };
    tokio::join!(sending, reading).1
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_import_goes_on_where_it_was_and_nothing_is_there_twice() {
    let Some(api) = api("transfer_resumed").await else { return };
    let body = numbered(5000);
    let records = cut_off(&api, body.as_bytes(), 30_000).await;
    let error = &records.last().unwrap()["error"];
    assert_eq!(error["code"], "VALIDATION_ERROR", "{records:?}");
    let resume = error["details"]["counts"]["resume"].as_str().unwrap();
    let records = import(&api, &format!("resume={resume}"), body.as_bytes()).await;
    assert_eq!(done(&records)["failed"], 0);
    // On the way it is told how far it is, and where it could go on.
    let progress =
        &records.iter().find(|record| record["progress"].is_object()).unwrap()["progress"];
    assert!(progress["inserted"].as_u64().unwrap() > 0 && progress["resume"].is_string());

    // An older place to go on gives the documents their ids once more.
    let first = format!("{}-1", resume.split('-').next().unwrap());
    let records = import(&api, &format!("resume={first}"), body.as_bytes()).await;
    assert_eq!(done(&records)["failed"], 0);
    let pipeline = json!({ "pipeline": [{ "$group": { "_id": "$n", "times": { "$sum": 1 } } },
        { "$group": { "_id": "$times", "numbers": { "$sum": 1 } } }] });
    let (_, answer) = api.send("POST", "/aggregate", pipeline).await;
    assert_eq!(answer["data"], json!([{ "_id": 1, "numbers": 5000 }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_lose_no_document_and_double_none() {
    let Some(url) = given("TEST_MONGODB_URL") else { return };
    let Some(plain) = api("transfer_lost").await else { return };
    let at = parsed(&url).endpoints[0].clone();
    let proxy = Proxy::before(at.port, "documents").await;
    let login = url.strip_prefix("mongodb://").and_then(|rest| rest.rsplit_once('@'));
    let login = login.map_or(String::new(), |(login, _)| format!("{login}@"));
    // What a replica set says of itself leads around the proxy.
    let through = format!("mongodb://{login}127.0.0.1:{}/?directConnection=true", proxy.port);
    let api = Api::of(&through, "transfer_lost");
    let body = numbered(6000);
    let (sender, upload) = Upload::channel();
    let sending = async {
        for piece in body.as_bytes().chunks(20_000) {
            sender.send(piece.to_vec().into()).await;
        }
        sender.end().await;
    };
    // Now and then a batch is run and its answer lost; the next attempt is answered.
    let cutting = async {
        for _ in 0..3 {
            proxy.cut_one(Fault::CutAnswers).await;
            proxy.answers(1).await;
        }
    };
    let reading = async { read(api.import(upload).await).await };
    let records = tokio::select! {
        records = async { tokio::join!(sending, reading).1 } => records,
        () = async { cutting.await; std::future::pending().await } => unreachable!(),
    };
    assert!(proxy.cuts() > 0);
    assert_eq!(done(&records)["inserted"], 6000, "{records:?}");
    let count = json!({ "pipeline": [{ "$count": "n" }] });
    let (_, answer) = plain.send("POST", "/aggregate", count).await;
    assert_eq!(answer["data"][0]["n"], 6000);
}

/// Asks the work behind an answer to stop.
async fn stop(api: &Api, response: &Response) {
    let job = response.headers.iter().find(|(name, _)| *name == "x-job-id").unwrap();
    assert_eq!(fixtures::stop(&api.service, &job.1).await.0, 200);
}

/// An export that is asked to stop before it is read.
async fn stopped_export(api: &Api, query: &str) -> Feed {
    let request = api.request("GET", &format!("/export?{query}"), &Value::Null);
    let response = handle(&api.service, request).await;
    stop(api, &response).await;
    stream(response)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_stopped_says_exactly_what_it_did_and_can_go_on() {
    let Some(api) = api("transfer_stopped").await else { return };
    let body = numbered(3000);
    let (sender, upload) = Upload::channel();
    let response = api.import(upload).await;
    let lines: Vec<&str> = body.split_inclusive('\n').take(1500).collect();
    sender.send(lines.concat().into()).await;
    stop(&api, &response).await;
    let records = read(response).await;
    let end = done(&records);
    assert_eq!((&records[0]["version"], &end["ended_by"]), (&json!(1), &json!("stop")), "{end}");
    let stored = async || {
        let count = json!({ "pipeline": [{ "$group": { "_id": "$n" } }, { "$count": "n" }] });
        let (_, answer) = api.send("POST", "/aggregate", count).await;
        answer["data"][0]["n"].as_u64().unwrap_or_default()
    };
    assert_eq!(end["inserted"].as_u64(), Some(stored().await), "{end}");
    let resume = format!("resume={}", end["resume"].as_str().unwrap());
    let records = import(&api, &resume, body.as_bytes()).await;
    assert_eq!((&done(&records)["failed"], stored().await), (&json!(0), 3000), "{records:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_stopped_is_cut_off() {
    let Some(api) = api("transfer_export_stopped").await else { return };
    let text = "t".repeat(1000);
    let lines: Vec<_> = (0..3000).map(|n| format!("{{\"n\":{n},\"text\":\"{text}\"}}")).collect();
    import(&api, "", lines.join("\n").as_bytes()).await;
    for format in ["ndjson", "json", "csv"] {
        let mut feed = stopped_export(&api, &format!("format={format}")).await;
        let mut last = None;
        while let Some(chunk) = feed.next().await {
            last = Some(chunk);
        }
        let error = last.unwrap().unwrap_err();
        assert_eq!(error.message(), "it was asked to stop before it was at its end", "{format}");
    }
    // Lines say so themselves, and who imports them is told.
    let mut feed = stopped_export(&api, "").await;
    let mut file = Vec::new();
    while let Some(Ok(chunk)) = feed.next().await {
        file.extend(chunk);
    }
    let records = import(&api, "on_conflict=skip", &file).await;
    let [.., end, error] = &records[..] else { panic!("{records:?}") };
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("the export itself failed: it was asked to stop"), "{message}");
    assert_eq!((&end["end"]["failed"], &end["end"]["done"]), (&json!(0), &json!(0)), "{end}");
    assert!(end["end"]["skipped"].as_u64().unwrap() > 0, "{end}");
}
