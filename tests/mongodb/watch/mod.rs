//! Change streams, from the request to the last message.

mod asked;
mod broken;
mod ended;
mod told;

use std::sync::atomic::{AtomicU32, Ordering};

use mongodb::bson::{Document, Timestamp, doc};
use serde_json::Value;
use studio_multidb::api::http::handle;
use studio_multidb::request::feed::Feed;
use studio_multidb::request::reply::Body;

use super::api::{Api, api};
use super::fake::{Answer, Fake};
use crate::fixtures::{PATIENCE, accepting, answered};

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
        let request = api.request("GET", &format!("/watch?{query}"), &Value::Null);
        let response = handle(&api.service, accepting("text/event-stream", request)).await;
        match response.body {
            Body::Stream(feed) => Ok(Self { feed, text: String::new() }),
            Body::Whole(_) => Err(answered(response)),
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
