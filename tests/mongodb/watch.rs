//! Change streams, from the request to the last message.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mongodb::bson::{Bson, Document, Timestamp, doc};
use serde_json::{Value, json};
use studio_multidb::api::reply::Body;
use studio_multidb::api::stream::Feed;
use studio_multidb::backend::ConnectOptions;
use studio_multidb::backend::mongodb::{
    ChangeStream, Client, Namespace, News, Query, Start, WatchOptions, Watched,
};
use studio_multidb::error::Code;

use super::api::{Api, api, encoded};
use super::fake::{Answer, Fake, cursor};
use super::proxy::{Fault, Proxy};
use super::support::{all, at_most, connect, options, parsed, server, soon, target};

const PATIENCE: Duration = Duration::from_secs(20);

/// As little as can be asked for.
fn plain() -> WatchOptions {
    WatchOptions {
        pipeline: Vec::new(),
        full_document: None,
        before_change: None,
        expanded_events: false,
        batch: None,
        wait: PATIENCE,
    }
}

/// Somebody who watches, by server-sent events.
pub(super) struct Reader {
    feed: Feed,
    text: String,
}

impl Reader {
    pub(super) async fn of(api: &Api, query: &str) -> Self {
        match Self::answer(api, query).await {
            Ok(reader) => reader,
            Err((status, answer)) => panic!("{status} {answer}"),
        }
    }

    /// The reader, or how the request was refused.
    async fn answer(api: &Api, query: &str) -> Result<Self, (u16, Value)> {
        let path = format!("{}/watch", api.base);
        let accept = [("accept", "text/event-stream")];
        let response = api.response("GET", &path, query, None, &accept).await;
        match response.body {
            Body::Stream(feed) => Ok(Self { feed, text: String::new() }),
            body @ Body::Whole(_) => {
                let bytes = body.whole().unwrap();
                Err((response.status, serde_json::from_slice(&bytes).unwrap()))
            }
        }
    }

    /// The next message; how the stream ended where there is none.
    pub(super) async fn next(&mut self) -> Result<Value, Option<Value>> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let Some(message) = event.strip_prefix("data: ") else { continue };
                let message: Value = serde_json::from_str(message).unwrap();
                return match message.get("error") {
                    Some(error) => Err(Some(error.clone())),
                    None => Ok(message),
                };
            }
            let chunk = tokio::time::timeout(PATIENCE, self.feed.next()).await;
            match chunk.expect("nothing came in time") {
                Some(Ok(bytes)) => self.text.push_str(&String::from_utf8(bytes).unwrap()),
                Some(Err(error)) => panic!("{error}"),
                None => return Err(None),
            }
        }
    }

    /// The next message of a type; the others are passed over.
    pub(super) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await.unwrap();
            if message["type"] == kind {
                return message;
            }
        }
    }
}

/// The API of the server under test and a collection that is empty, if changes can be watched there.
#[allow(clippy::print_stderr)]
async fn watchable(collection: &str) -> Option<Api> {
    let api = api(collection).await?;
    match Reader::answer(&api, "").await {
        Ok(_) => Some(api),
        Err((status, answer)) => {
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(status == 403 && message.contains("need a replica set"), "{answer}");
            eprintln!("skipped: the server is no replica set");
            None
        }
    }
}

fn token(at: i32) -> Document {
    doc! { "_data": format!("{at:08}") }
}

fn event(at: i32) -> Document {
    doc! { "_id": token(at), "operationType": "insert", "documentKey": { "_id": at } }
}

/// An answer with the events of those numbers, whose token is `after`.
fn batch(name: &str, id: i64, events: impl IntoIterator<Item = i32>, after: i32) -> Answer {
    let events: Vec<Document> = events.into_iter().map(event).collect();
    reply(name, id, events, Some(token(after)))
}

fn reply(name: &str, id: i64, events: Vec<Document>, token: Option<Document>) -> Answer {
    let list = if name == "aggregate" { "firstBatch" } else { "nextBatch" };
    let mut cursor = doc! { "id": id, "ns": "studio_multidb_test.c", list: events };
    if let Some(token) = token {
        cursor.insert("postBatchResumeToken", token);
    }
    let time = Timestamp { time: 77, increment: 3 };
    Answer::With(doc! { "cursor": cursor, "operationTime": time, "ok": 1.0 })
}

fn failure(code: i32, labels: &[&str]) -> Answer {
    Answer::With(doc! { "ok": 0.0, "code": code, "errmsg": "no", "errorLabels": labels })
}

/// The `$changeStream` stages that were sent, in their order.
fn stages(fake: &Fake) -> Vec<Document> {
    let pipelines = fake.asked("aggregate").into_iter().filter_map(|command| {
        let stages = command.get_array("pipeline").ok()?;
        stages.first()?.as_document()?.get_document("$changeStream").ok().cloned()
    });
    pipelines.collect()
}

/// A server that answers the first `getMore` commands as `script` says, by their number, and then
/// never.
async fn scripted(script: impl Fn(u32) -> Option<Answer> + Send + Sync + 'static) -> (Fake, Api) {
    let asked = AtomicU32::new(0);
    let fake = Fake::standalone(move |name, _| match name {
        "aggregate" => batch(name, 9, [], 1),
        "getMore" => script(asked.fetch_add(1, Ordering::SeqCst)).unwrap_or(Answer::Never),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    (fake, api)
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_as_they_are_made() {
    let Some(api) = watchable("watched").await else { return };
    let mut reader = Reader::of(&api, "fullDocument=updateLookup").await;
    assert_eq!(reader.next().await.unwrap()["type"], "progress");
    api.insert(&[json!({ "_id": 1, "n": { "$numberLong": "9007199254740993" } })]).await;
    let inserted = reader.next_of("change").await;
    assert_eq!(inserted["change"]["operationType"], "insert");
    let long = json!({ "$numberLong": "9007199254740993" });
    assert_eq!(inserted["change"]["fullDocument"]["n"], long);
    assert_eq!(inserted["change"]["_id"], inserted["resume_token"]);
    let update = json!({ "update": { "$set": { "n": 2 } } });
    let (status, answer) = api.send("PUT", "/documents/1", "id_type=int", Some(update)).await;
    assert_eq!(status, 200, "{answer}");
    let updated = reader.next_of("change").await;
    assert_eq!(updated["change"]["fullDocument"], json!({ "_id": 1, "n": 2 }));
    assert_eq!(api.send("DELETE", "/documents/1", "id_type=int", None).await.0, 200);
    assert_eq!(reader.next_of("change").await["change"]["operationType"], "delete");
    drop(reader);

    // Whoever comes back with a token gets what followed it.
    let query = format!("ejson=canonical&resumeAfter={}", encoded(&inserted["resume_token"]));
    let mut reader = Reader::of(&api, &query).await;
    let first = reader.next_of("change").await;
    assert_eq!(first["change"]["documentKey"]["_id"], json!({ "$numberInt": "1" }));
    assert_eq!(first["resume_token"], updated["resume_token"]);
    assert_eq!(reader.next_of("change").await["change"]["operationType"], "delete");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_passes_the_pipeline_is_told() {
    let Some(mut api) = watchable("watched_database").await else { return };
    let collection = api.base.clone();
    api.base = "/databases/studio_multidb_test".to_owned();
    let pipeline = json!([
        { "$match": { "ns.coll": "watched_database", "fullDocument.even": true } },
        { "$project": { "documentKey": 1, "operationType": 1 } },
    ]);
    let query = format!("pipeline={}&batchSize=1", encoded(&pipeline));
    let mut reader = Reader::of(&api, &query).await;
    api.base = collection;
    let documents: Vec<Value> = (0..6).map(|i| json!({ "_id": i, "even": i % 2 == 0 })).collect();
    api.insert(&documents).await;
    for id in [0, 2, 4] {
        let change = reader.next_of("change").await["change"].clone();
        assert_eq!(change["documentKey"], json!({ "_id": id }));
        assert_eq!(change["fullDocument"], Value::Null);
    }
}

/// Some hundreds of inserts while connections are cut before and after what the server says.
#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_lost_or_doubled_when_the_connection_is_cut() {
    const DOCUMENTS: i64 = 400;
    let (Some(target), Some(direct)) = (target(), watchable("watched_cut").await) else { return };
    let port = target.endpoints[0].port;
    let proxy = Proxy::before(port, "watched_cut").await;
    let url = server("TEST_MONGODB_URL").unwrap();
    let url = url.replace(&format!(":{port}"), &format!(":{}", proxy.port));
    let more = if url.contains('?') { '&' } else { '?' };
    let through = Api::of(&format!("{url}{more}directConnection=true"), "watched_cut");
    let mut reader = Reader::of(&through, "maxAwaitTimeMS=200").await;
    assert_eq!(reader.next().await.unwrap()["type"], "progress");

    let faults = async {
        for fault in [Fault::CutAnswers, Fault::CutRequests].into_iter().cycle() {
            tokio::time::sleep(Duration::from_millis(60)).await;
            proxy.set(fault);
            tokio::time::sleep(Duration::from_millis(5)).await;
            proxy.set(Fault::None);
        }
    };
    let inserting = async {
        for id in 0..DOCUMENTS {
            direct.insert(&[json!({ "_id": id })]).await;
        }
    };
    let (mut seen, mut disconnected) = (Vec::new(), 0);
    let reading = async {
        while seen.len() < usize::try_from(DOCUMENTS).unwrap() {
            let message = reader.next().await.unwrap();
            match message["type"].as_str().unwrap() {
                "change" => seen.push(message["change"]["documentKey"]["_id"].as_i64().unwrap()),
                "disconnected" => disconnected += 1,
                "progress" => {}
                other => panic!("{other}"),
            }
        }
    };
    tokio::select! {
        () = faults => {}
        _ = futures_util::future::join(inserting, reading) => {}
    }
    proxy.set(Fault::None);
    assert_eq!(seen, (0..DOCUMENTS).collect::<Vec<_>>());
    assert!(disconnected > 0 && proxy.cuts() > 0, "no connection was cut");
    // Nothing else comes after the last.
    direct.insert(&[json!({ "_id": "last" })]).await;
    assert_eq!(reader.next_of("change").await["change"]["documentKey"]["_id"], "last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_the_last_batch_when_another_server_takes_over() {
    let resumable: &[&str] = &["ResumableChangeStreamError"];
    for (code, labels) in [(10107, resumable), (91, resumable), (43, &[]), (189, &[])] {
        let (fake, api) = scripted(move |asked| match asked {
            0 => Some(batch("getMore", 9, [2, 3], 5)),
            1 => Some(failure(code, labels)),
            2 => Some(batch("getMore", 9, [6], 6)),
            _ => None,
        })
        .await;
        let mut reader = Reader::of(&api, "fullDocument=whenAvailable").await;
        let mut told = Vec::new();
        while told.last() != Some(&json!(6)) {
            let message = reader.next().await.unwrap();
            told.push(match message["type"].as_str().unwrap() {
                "change" => message["change"]["documentKey"]["_id"].clone(),
                _ => message["type"].clone(),
            });
        }
        assert_eq!(
            told,
            [
                json!("progress"),
                json!(2),
                json!(3),
                json!("disconnected"),
                json!("progress"),
                json!(6)
            ]
        );
        let asked = stages(&fake);
        assert_eq!(asked[0], doc! { "fullDocument": "whenAvailable" });
        assert_eq!(asked[1], doc! { "fullDocument": "whenAvailable", "resumeAfter": token(5) });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stream_began_with_is_kept_until_there_is_something_newer() {
    // After an `invalidate` only `startAfter` leads on, until there was a change.
    let (fake, api) = scripted(|asked| match asked {
        0 | 2 => Some(Answer::Close),
        1 => Some(batch("getMore", 9, [2], 2)),
        _ => None,
    })
    .await;
    let query = format!("startAfter={}", encoded(&json!({ "_data": "invalidated" })));
    let mut reader = Reader::of(&api, &query).await;
    for _ in 0..2 {
        reader.next_of("disconnected").await;
    }
    reader.next_of("progress").await;
    let asked = stages(&fake);
    assert_eq!(asked[0], doc! { "startAfter": { "_data": "invalidated" } });
    assert_eq!(asked[1], doc! { "startAfter": token(1) });
    assert_eq!(asked[2], doc! { "resumeAfter": token(2) });

    // Without any token the time of the first answer is the place.
    let fake = Fake::standalone(|name, _| match name {
        "aggregate" => reply(name, 9, Vec::new(), None),
        "getMore" => Answer::Close,
        _ => Answer::Done,
    })
    .await;
    let mut reader = Reader::of(&Api::of(&fake.url(), "c"), "").await;
    assert_eq!(reader.next().await.unwrap(), json!({ "type": "progress", "resume_token": null }));
    reader.next_of("progress").await;
    let time = Bson::Timestamp(Timestamp { time: 77, increment: 3 });
    assert_eq!(stages(&fake)[1].get("startAtOperationTime"), Some(&time));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_stream_tells_newer_tokens() {
    let (_fake, api) =
        scripted(|asked| Some(batch("getMore", 9, [], i32::try_from(asked).unwrap() + 2))).await;
    let mut reader = Reader::of(&api, "").await;
    let first = reader.next().await.unwrap();
    assert_eq!(first, json!({ "type": "progress", "resume_token": { "_data": "00000001" } }));
    let next = reader.next().await.unwrap();
    assert_eq!(next["type"], "progress");
    assert_ne!(next["resume_token"], first["resume_token"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_history_is_a_gap_and_the_end() {
    let (_fake, api) = scripted(|asked| match asked {
        0 => Some(batch("getMore", 9, [2], 2)),
        _ => Some(failure(286, &["NonResumableChangeStreamError"])),
    })
    .await;
    let mut reader = Reader::of(&api, "").await;
    reader.next_of("change").await;
    let gap = reader.next().await.unwrap();
    let expected =
        json!({ "type": "gap", "reason": "history_lost", "resume_token": { "_data": "00000002" } });
    assert_eq!(gap, expected);
    let error = reader.next().await.unwrap_err().unwrap();
    assert_eq!(error["code"], "CONFLICT");
    assert!(error["message"].as_str().unwrap().contains("read the data anew"), "{error}");

    // At once, it is the answer to the request.
    let fake = Fake::standalone(|name, _| match name {
        "aggregate" => failure(286, &[]),
        _ => Answer::Done,
    })
    .await;
    let refused = Reader::answer(&Api::of(&fake.url(), "c"), "").await.err().unwrap();
    assert_eq!((refused.0, &refused.1["error"]["code"]), (409, &json!("CONFLICT")));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_failures_end_the_stream() {
    for code in [280, 13, 11601] {
        let (fake, api) = scripted(move |_| Some(failure(code, &[]))).await;
        let mut reader = Reader::of(&api, "").await;
        assert_eq!(reader.next().await.unwrap()["type"], "progress");
        assert!(reader.next().await.unwrap_err().is_some(), "{code}");
        assert_eq!(stages(&fake).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_is_no_longer_watched() {
    // The event may be left out by the pipeline; the cursor is over all the same.
    for told in [true, false] {
        let (_fake, api) = scripted(move |_| {
            let invalidate = doc! { "_id": token(3), "operationType": "invalidate" };
            let events = if told { vec![event(2), invalidate] } else { vec![event(2)] };
            Some(reply("getMore", 0, events, Some(token(3))))
        })
        .await;
        let mut reader = Reader::of(&api, "").await;
        reader.next_of("change").await;
        let last = json!({ "type": "invalidate", "resume_token": { "_data": "00000003" } });
        assert_eq!(reader.next().await.unwrap(), last);
        assert!(reader.next().await.unwrap_err().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_collection_ends_its_stream() {
    let Some(api) = watchable("watched_dropped").await else { return };
    api.insert(&[json!({ "_id": 0 })]).await;
    let mut reader = Reader::of(&api, "").await;
    reader.next_of("progress").await;
    let (status, answer) = api.send("DELETE", "", "confirm=watched_dropped", None).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(reader.next_of("change").await["change"]["operationType"], "drop");
    let last = reader.next_of("invalidate").await;
    assert!(reader.next().await.unwrap_err().is_none());
    // Its token leads on.
    api.insert(&[json!({ "_id": 1 })]).await;
    let query = format!("startAfter={}", encoded(&last["resume_token"]));
    let mut reader = Reader::of(&api, &query).await;
    assert_eq!(reader.next_of("change").await["change"]["operationType"], "insert");
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_closes_the_cursor_on_the_server() {
    let (fake, api) = scripted(|_| None).await;
    let mut reader = Reader::of(&api, "").await;
    reader.next_of("progress").await;
    let comment = fake.expect("getMore").await.get("comment").cloned().unwrap();
    assert_eq!(fake.asked("aggregate")[0].get("comment"), Some(&comment));
    drop(reader);
    let killed = fake.expect("killCursors").await;
    assert_eq!(killed.get_array("cursors").unwrap(), &[Bson::Int64(9)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_streams_leave_connections_for_others() {
    let fake = Fake::standalone(|name, command| match name {
        "aggregate" => batch(name, 9, [], 1),
        "getMore" => Answer::Never,
        "find" => cursor(0, vec![doc! { "found": command.get_str("find").unwrap() }]),
        _ => Answer::Done,
    })
    .await;
    let options = ConnectOptions { max_connections: 2, ..options() };
    let client = Client::connect(&parsed(&fake.url()), &options, soon()).await.unwrap();
    let client = Arc::new(client);
    for _ in 0..5 {
        let client = Arc::clone(&client);
        let watched = Watched::Database("a".to_owned());
        let how = plain();
        let (start, deadline) = (Start::Now, soon());
        let mut stream =
            ChangeStream::open(&client, "many", watched, how, start, deadline).await.unwrap();
        tokio::spawn(async move { while stream.next(&client, PATIENCE).await.is_ok() {} });
    }
    fake.expect("getMore").await;
    let namespace = Namespace::new("a", "b").unwrap();
    let query = Query { cap: at_most(1), ..Query::default() };
    assert_eq!(all(&client, &namespace, query).await.0, r#"{"found":"b"}"#);
    assert_eq!(fake.asked("getMore").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_stops_the_cursor_and_misses_nothing() {
    const EVENTS: i32 = 4000;
    let text = "x".repeat(10_000);
    let (fake, api) = scripted(move |asked| {
        let at = i32::try_from(asked).unwrap() + 2;
        let mut event = event(at);
        event.insert("fullDocument", doc! { "text": &text });
        (at < EVENTS + 2).then(|| reply("getMore", 9, vec![event], Some(token(at))))
    })
    .await;
    let mut reader = Reader::of(&api, "").await;
    reader.next_of("progress").await;
    // The cursor stands still: it was not asked between two looks.
    let mut asked = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = fake.asked("getMore").len();
        if now > 0 && now == asked {
            break;
        }
        asked = now;
    }
    assert!(asked < 1000, "{asked} batches were read for nobody");
    for at in 2..EVENTS + 2 {
        let message = reader.next().await.unwrap();
        assert_eq!(message["change"]["documentKey"]["_id"], at, "{}", message["type"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standalone_server_is_told_before_anything_begins() {
    let fake = Fake::standalone(|name, _| match name {
        "aggregate" => failure(40573, &[]),
        _ => Answer::Done,
    })
    .await;
    let (status, answer) = Reader::answer(&Api::of(&fake.url(), "c"), "").await.err().unwrap();
    assert_eq!((status, &answer["error"]["code"]), (403, &json!("OPERATION_NOT_ALLOWED")));
    assert!(answer["error"]["message"].as_str().unwrap().contains("need a replica set"));
    assert_eq!(answer["error"]["details"]["server_code"], 40573);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused() {
    let (fake, mut api) = scripted(|_| None).await;
    let pipeline = |stages: Value| format!("pipeline={}", encoded(&stages));
    let token = encoded(&json!({ "_data": "00" }));
    for (query, status) in [
        (pipeline(json!([{ "$out": "stolen" }])), 403),
        (pipeline(json!([{ "$match": {} }, { "$merge": "stolen" }])), 403),
        (pipeline(json!([{ "$group": { "_id": null } }])), 403),
        (pipeline(json!([{ "$lookup": { "from": "other" } }])), 403),
        (pipeline(json!([{ "$changeStream": { "allChangesForCluster": true } }])), 403),
        (pipeline(json!([{ "$nonesuch": {} }])), 403),
        (pipeline(json!([{ "$match": { "$where": "1" } }])), 403),
        (pipeline(json!([{ "$match": {}, "$set": { "a": 1 } }])), 400),
        ("fullDocument=always".to_owned(), 400),
        ("batchSize=0".to_owned(), 400),
        ("batchSize=1001".to_owned(), 413),
        ("maxAwaitTimeMS=0".to_owned(), 400),
        (format!("resumeAfter={token}&startAfter={token}"), 400),
        ("startAtOperationTime=yesterday".to_owned(), 400),
        ("pipelin=%5B%5D".to_owned(), 400),
    ] {
        let refused = Reader::answer(&api, &query).await.err();
        assert_eq!(refused.map(|r| r.0), Some(status), "{query}");
    }
    for base in ["/databases/local", "/databases/admin", "/databases/a/collections/system.users"] {
        base.clone_into(&mut api.base);
        assert_eq!(Reader::answer(&api, "").await.err().unwrap().0, 400, "{base}");
    }
    assert!(fake.asked("aggregate").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_at_a_time() {
    let (fake, api) = scripted(|_| None).await;
    for (time, expected) in [
        (
            json!({ "$timestamp": { "t": 5, "i": 6 } }).to_string(),
            Timestamp { time: 5, increment: 6 },
        ),
        ("2020-01-01T00:00:00.5Z".to_owned(), Timestamp { time: 1_577_836_800, increment: 0 }),
    ] {
        let query = format!(
            "startAtOperationTime={}",
            percent_encoding::utf8_percent_encode(&time, percent_encoding::NON_ALPHANUMERIC)
        );
        Reader::of(&api, &query).await;
        let asked = stages(&fake).pop().unwrap();
        assert_eq!(asked.get_timestamp("startAtOperationTime").unwrap(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_watched_as_a_whole() {
    let (fake, mut api) = scripted(|_| None).await;
    api.base = String::new();
    Reader::of(&api, "showExpandedEvents=true").await;
    let asked = &fake.asked("aggregate")[0];
    assert_eq!(asked.get_str("$db").unwrap(), "admin");
    let expected = doc! { "showExpandedEvents": true, "allChangesForCluster": true };
    assert_eq!(stages(&fake).pop().unwrap(), expected);
    let level = asked.get_document("readConcern").unwrap().get_str("level").unwrap();
    assert_eq!(level, "majority");
}

/// Whoever watches while the client is closed, as happens when a connection is changed under it, is
/// told so, at whatever moment it comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_closed_ends_its_change_streams_in_order() {
    let (fake, _api) = scripted(|_| Some(batch("getMore", 9, [], 2))).await;
    for round in 0..20 {
        let client = Arc::new(connect(&parsed(&fake.url())).await);
        let watched = Watched::Collection(Namespace::new("studio_multidb_test", "c").unwrap());
        let opened = ChangeStream::open(&client, "closed", watched, plain(), Start::Now, soon());
        let mut stream = opened.await.unwrap();
        let watching = tokio::spawn({
            let client = Arc::clone(&client);
            async move {
                loop {
                    match stream.next(&client, PATIENCE).await {
                        Ok(News::Changes(_)) => {}
                        Ok(News::Lost(error)) | Err(error) => return error,
                    }
                }
            }
        });
        let before = fake.asked("getMore").len();
        while fake.asked("getMore").len() < before + round % 3 {
            tokio::task::yield_now().await;
        }
        client.close().await;
        let error = tokio::time::timeout(PATIENCE, watching).await.unwrap();
        let error = error.expect("a stream does not panic");
        assert_eq!(error.code(), Code::DbConnectionFailed, "{error}");
    }
}
