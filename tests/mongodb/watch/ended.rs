//! How streams end, and what they leave.

use std::sync::Arc;

use mongodb::bson::{Bson, doc};
use serde_json::json;
use studio_multidb::backend::ConnectOptions;
use studio_multidb::backend::mongodb::{
    ChangeStream, Client, Namespace, News, Query, Start, WatchOptions, Watched,
};
use studio_multidb::error::Code;

use super::{Reader, batch, event, failure, reply, scripted, stages, token};
use crate::api::Api;
use crate::fake::{Answer, Fake, cursor};
use crate::fixtures::{PATIENCE, options, soon};
use crate::support::{all, at_most, connect, parsed};

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
            ChangeStream::open(&client, "many", None, watched, how, start, deadline).await.unwrap();
        tokio::spawn(async move { while stream.next(&client, PATIENCE).await.is_ok() {} });
    }
    fake.expect("getMore").await;
    let namespace = Namespace::new("a", "b").unwrap();
    let query = Query { cap: at_most(1), ..Query::default() };
    assert_eq!(all(&client, &namespace, query).await.0, r#"{"found":"b"}"#);
    assert_eq!(fake.asked("getMore").len(), 1);
}

/// Whoever watches while the client is closed, as happens when a connection is changed under it, is
/// told so, at whatever moment it comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_closed_ends_its_change_streams_in_order() {
    let (fake, _api) = scripted(|_| Some(batch("getMore", 9, [], 2))).await;
    for round in 0..20 {
        let client = Arc::new(connect(&parsed(&fake.url())).await);
        let watched = Watched::Collection(Namespace::new("studio_multidb_test", "c").unwrap());
        let opened =
            ChangeStream::open(&client, "closed", None, watched, plain(), Start::Now, soon());
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
