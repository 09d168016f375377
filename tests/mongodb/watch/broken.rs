//! Streams whose connection or server is lost go on where they were.

use mongodb::bson::{Bson, Timestamp, doc};
use serde_json::json;

use super::{Reader, batch, failure, reply, scripted, stages, token, watchable};
use crate::api::Api;
use crate::fake::{Answer, Fake};
use crate::fixtures::{encoded, given};
use crate::proxy::{Fault, Proxy};
use crate::support::{counted, target};

/// Some hundreds of inserts while connections are cut before and after what the server says.
#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_lost_or_doubled_when_the_connection_is_cut() {
    const DOCUMENTS: i64 = 400;
    let (Some(target), Some(direct)) = (target(), watchable("watched_cut").await) else { return };
    let port = target.endpoints[0].port;
    let proxy = Proxy::before(port, "watched_cut").await;
    let url = given("TEST_MONGODB_URL").unwrap();
    let url = url.replace(&format!(":{port}"), &format!(":{}", proxy.port));
    let more = if url.contains('?') { '&' } else { '?' };
    let through = Api::of(&format!("{url}{more}directConnection=true"), "watched_cut");
    let mut reader = Reader::of(&through, "maxAwaitTimeMS=200").await;
    assert_eq!(reader.next().await.unwrap()["type"], "progress");

    let faults = async {
        for fault in [Fault::CutAnswers, Fault::CutRequests].into_iter().cycle() {
            proxy.answers(3).await;
            proxy.cut_one(fault).await;
        }
    };
    let inserting = async {
        for id in 0..DOCUMENTS {
            if id == DOCUMENTS / 2 {
                counted("cutting", || proxy.cuts(), 2).await;
            }
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
