//! What is told of an operation when the network or the server fails, and that it is true.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mongodb::bson::{Bson, Document, doc};
use studio_multidb::backend::mongodb::{Change, Client, Namespace, Query};
use studio_multidb::deadline::Deadline;
use studio_multidb::ejson::Mode;
use studio_multidb::error::{Code, Error};
use studio_multidb::json::Writer;
use studio_multidb::outcome::Outcome;
use studio_multidb::target::MongoTarget;

use super::proxy::{Fault, Proxy};
use super::support::{
    all, at_most, behind, collection, connect, insert, plain_client, target, told,
};
use crate::fixtures::{eventually, options, serve, silent, soon};

/// A proxy before the server, and a client that goes through it and does not retry writes unless the
/// target says so.
async fn through(target: &MongoTarget, marker: &'static str) -> (Proxy, Client) {
    let proxy = Proxy::before(target.endpoints[0].port, marker).await;
    let mut target = behind(&proxy, target);
    target.retry_writes = Some(target.retry_writes == Some(true));
    let client = connect(&target).await;
    (proxy, client)
}

async fn count(client: &Client, namespace: &Namespace, filter: Document) -> u64 {
    let started = Instant::now();
    loop {
        let counted = client.call(soon(), "count").count(namespace, filter.clone()).await;
        // On a busy machine it may take longer than a count may.
        if let Some(value) = counted.unwrap().value {
            return value;
        }
        assert!(started.elapsed() < Duration::from_secs(180), "the server counts for ever");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_lost_is_unknown_and_one_that_was_not_sent_is_not_applied() {
    let Some(target) = target() else { return };
    let (proxy, client) = through(&target, "lost_answers").await;
    let namespace = collection(&client, "lost_answers").await;

    proxy.set(Fault::CutAnswers);
    let error = insert(&client, &namespace, &[doc! { "_id": 1 }]).await.unwrap_err();
    assert_eq!(error.code(), Code::DbConnectionFailed);
    assert_eq!(error.known_outcome(), Outcome::Unknown);
    proxy.set(Fault::None);
    assert_eq!(count(&client, &namespace, doc! { "_id": 1 }).await, 1);

    proxy.set(Fault::CutRequests);
    let error = insert(&client, &namespace, &[doc! { "_id": 2 }]).await.unwrap_err();
    assert_eq!(error.known_outcome(), Outcome::Unknown);
    proxy.set(Fault::None);
    assert_eq!(count(&client, &namespace, doc! { "_id": 2 }).await, 0);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_whose_answer_is_lost_is_done_again() {
    let Some(target) = target() else { return };
    let (proxy, client) = through(&target, "read_again").await;
    let namespace = collection(&client, "read_again").await;
    insert(&client, &namespace, &[doc! { "_id": 1 }]).await.unwrap();
    let call = client.call(soon(), "read");
    let mut writer = Writer::new();
    let reading = call.find(&namespace, Query::default(), Mode::Relaxed, &mut writer);
    let ((), read) = tokio::join!(proxy.cut_one(Fault::CutAnswers), reading);
    assert_eq!(read.unwrap().returned, 1);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_ends_at_its_deadline_and_the_next_one_works() {
    let Some(target) = target() else { return };
    let (proxy, client) = through(&target, "deadlines").await;
    let namespace = collection(&client, "deadlines").await;
    insert(&client, &namespace, &[doc! { "_id": 1 }]).await.unwrap();

    proxy.set(Fault::Silent);
    let started = Instant::now();
    let call = client.call(Deadline::after(Duration::from_millis(300)), "slow");
    let mut writer = Writer::new();
    let find = call.find(&namespace, Query::default(), Mode::Relaxed, &mut writer);
    let error = find.await.unwrap_err();
    assert_eq!(error.code(), Code::DbTimeout);
    assert_eq!(error.known_outcome(), Outcome::NotApplied);

    let call = client.call(Deadline::after(Duration::from_millis(300)), "slow");
    let change = Change::operators(doc! { "$set": { "a": 1 } });
    let error = told(call.change(&namespace, Bson::Int32(1), change, None).await.unwrap_err());
    assert_eq!(error.code(), Code::DbTimeout);
    assert_eq!(error.known_outcome(), Outcome::Unknown);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());

    proxy.set(Fault::None);
    let (page, _) = all(&client, &namespace, Query::default()).await;
    assert_eq!(page, r#"{"_id":1}"#);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_stops_working_for_a_request_that_was_given_up() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "given_up").await;
    let many: Vec<Document> = (0..300).map(|i| doc! { "_id": i }).collect();
    insert(&client, &namespace, &many).await.unwrap();
    let admin = plain_client(&target).await.database("admin");
    let slow = doc! { "$lookup": { "from": "given_up", "pipeline": [
        { "$lookup": { "from": "given_up", "pipeline": [
            { "$group": { "_id": null, "n": { "$sum": "$_id" } } },
        ], "as": "b" } },
    ], "as": "a" } };
    let call = client.call(soon(), "given-up");
    let options = studio_multidb::backend::mongodb::AggregateOptions::default();
    let mut writer = Writer::new();
    let work = call.aggregate(&namespace, vec![slow], options, Mode::Relaxed, &mut writer);
    assert!(tokio::time::timeout(Duration::from_millis(400), work).await.is_err());
    eventually("the end of the server's work", async || {
        let operations = admin.run_command(doc! { "currentOp": 1 }).await.unwrap();
        operations.get_array("inprog").unwrap().iter().all(|op| {
            let command = op.as_document().and_then(|op| op.get_document("command").ok());
            let comment = command.and_then(|command| command.get_str("comment").ok());
            comment.is_none_or(|comment| !comment.starts_with("given-up#"))
        })
    })
    .await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_were_given_up_leave_nothing_behind() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "left_behind").await;
    let many: Vec<Document> = (0..500).map(|i| doc! { "_id": i, "t": "x".repeat(500) }).collect();
    insert(&client, &namespace, &many).await.unwrap();
    for round in 0_u64..300 {
        let call = client.call(soon(), "left-behind");
        let query = Query { cap: at_most(500), ..Query::default() };
        let mut writer = Writer::new();
        let work = call.find(&namespace, query, Mode::Relaxed, &mut writer);
        let _ = tokio::time::timeout(Duration::from_micros(round * 20), work).await;
    }
    eventually("every connection being given back", async || {
        client.gauge().in_use == 0 && client.gauge().waiting == 0
    })
    .await;
    assert!(client.gauge().open <= 10, "{:?}", client.gauge());
    assert_eq!(count(&client, &namespace, doc! { "_id": { "$gte": 0 } }).await, 500);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_come_byte_by_byte_are_the_same() {
    let Some(target) = target() else { return };
    let (proxy, client) = through(&target, "dripping").await;
    let namespace = collection(&client, "dripping").await;
    let documents: Vec<Document> = (0..20).map(|i| doc! { "_id": i, "t": "text" }).collect();
    insert(&client, &namespace, &documents).await.unwrap();
    let query = Query { cap: at_most(20), ..Query::default() };
    let whole = all(&client, &namespace, query.clone()).await;
    proxy.set(Fault::Drip);
    assert_eq!(all(&client, &namespace, query).await, whole);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_works_again_after_all_its_connections_were_reset() {
    let Some(target) = target() else { return };
    let (proxy, client) = through(&target, "resets").await;
    let namespace = collection(&client, "resets").await;
    insert(&client, &namespace, &[doc! { "_id": 1 }]).await.unwrap();
    for _ in 0..5 {
        proxy.reset();
        eventually("a count", async || {
            client.call(soon(), "after").count(&namespace, doc! { "_id": 1 }).await.is_ok()
        })
        .await;
    }
    client.close().await;
}

/// Long before the deadline of whoever asks.
async fn refused_in_time(target: &MongoTarget) -> Error {
    let started = Instant::now();
    let deadline = Deadline::after(Duration::from_secs(120));
    let error = Client::connect(target, &options(), deadline).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_given_up_in_time() {
    let Some(mut target) = target() else { return };
    let (port, _listener) = silent().await;
    target.endpoints[0].port = port;
    let error = refused_in_time(&target).await;
    assert_eq!(error.code(), Code::DbTimeout);
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
}

#[tokio::test(flavor = "multi_thread")]
async fn something_else_than_mongodb_is_told_as_such() {
    use tokio::io::AsyncWriteExt as _;
    let Some(mut target) = target() else { return };
    let (port, _) = serve(async |mut client| {
        let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    target.endpoints[0].port = port;
    let error = refused_in_time(&target).await;
    assert_eq!(error.code(), Code::DbConnectionFailed);
    assert!(error.message().contains("does not answer like a MongoDB server"), "{error}");
}

/// Every write adds one to a document of its own while the connection is cut at random. In the end the
/// documents are compared with what was told. On a replica set the driver sends a write again whose
/// answer was lost; that must not add twice.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_of_every_write_is_true() {
    const WRITES: i32 = 400;
    let Some(mut target) = target() else { return };
    target.retry_writes = Some(true);
    let (proxy, client) = through(&target, "ledger").await;
    let (proxy, client) = (Arc::new(proxy), Arc::new(client));
    let namespace = collection(&client, "ledger").await;
    let zeros: Vec<Document> = (0..WRITES).map(|i| doc! { "_id": i, "n": 0 }).collect();
    insert(&client, &namespace, &zeros).await.unwrap();

    let faults = {
        let proxy = Arc::clone(&proxy);
        tokio::spawn(async move {
            for fault in [Fault::CutAnswers, Fault::CutRequests].into_iter().cycle() {
                proxy.answers(20).await;
                proxy.cut_one(fault).await;
            }
        })
    };
    let mut writers = Vec::new();
    for worker in 0..4 {
        let (client, namespace) = (Arc::clone(&client), namespace.clone());
        writers.push(tokio::spawn(async move {
            let mut outcomes = Vec::new();
            for id in (worker..WRITES).step_by(4) {
                let add = Change::operators(doc! { "$inc": { "n": 1 } });
                let call = client.call(soon(), "ledger");
                let outcome = match call.change(&namespace, Bson::Int32(id), add, None).await {
                    Ok(_) => Outcome::Applied,
                    Err(failure) => told(failure).known_outcome(),
                };
                outcomes.push((id, outcome));
            }
            outcomes
        }));
    }
    let mut outcomes = Vec::new();
    for writer in writers {
        outcomes.extend(writer.await.unwrap());
    }
    faults.abort();
    proxy.set(Fault::None);
    assert!(proxy.cuts() > 5, "only {} cuts", proxy.cuts());
    let call = client.call(soon(), "written");
    assert_eq!(call.count(&namespace, doc! { "n": { "$gt": 1 } }).await.unwrap().value, Some(0));
    for (id, outcome) in outcomes {
        let added = count(&client, &namespace, doc! { "_id": id, "n": 1 }).await;
        match outcome {
            Outcome::Applied => assert_eq!(added, 1, "{id} was told as applied"),
            Outcome::NotApplied => assert_eq!(added, 0, "{id} was told as not applied"),
            Outcome::Unknown => {}
        }
    }
    client.close().await;
}
