//! One user's work on a server that does not answer, and everybody else's.

use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use serde_json::{Value, json};
use studio_multidb::api::http::{Request, Response, handle};
use studio_multidb::service::Service;
use tokio::task::JoinHandle;

use super::api::Api;
use super::fake::{Answer, Fake, cursor};
use crate::api::request;
use crate::fixtures::{accepting, asked_by, eventually, stream};

/// What the server never answers: whatever is about a thing of this name, and the figures of any.
fn stalls(name: &str, command: &str) -> bool {
    let figures = ["collStats", "$indexStats", "listIndexes", "buildInfo", "serverStatus"];
    command.contains("slow") || figures.iter().any(|word| name == *word || command.contains(word))
}

async fn server() -> (Fake, Api) {
    let fake = Fake::standalone(|name, command| {
        if stalls(name, &command.to_string()) {
            return Answer::Never;
        }
        match name {
            "listDatabases" => {
                let databases = (0..8).map(|n| doc! { "name": format!("slow{n}") });
                Answer::With(doc! { "databases": databases.collect::<Vec<_>>(), "ok": 1.0 })
            }
            "listCollections" => {
                let collections = (0..8).map(|n| doc! { "name": format!("c{n}") });
                cursor(0, collections.collect())
            }
            "find" | "aggregate" => cursor(0, vec![doc! { "n": 7, "_id": 1 }]),
            _ => Answer::Done,
        }
    })
    .await;
    let api = Api::within(Duration::from_secs(120), &fake.url(), "c");
    (fake, api)
}

/// How many operations the server was asked that it never answers.
fn stalled(fake: &Fake) -> usize {
    let asked = fake.all();
    let stalled =
        asked.iter().filter(|command| stalls(command.keys().next().unwrap(), &command.to_string()));
    stalled.count()
}

/// The answer to a user, by server-sent events where it is a stream.
async fn send(service: &Arc<Service>, user: &str, request: Request) -> Response {
    handle(service, accepting("text/event-stream", asked_by(user, request))).await
}

fn spawn(api: &Api, user: &'static str, request: Request) -> JoinHandle<Response> {
    let service = Arc::clone(&api.service);
    tokio::spawn(async move { send(&service, user, request).await })
}

fn get(path: &str) -> Request {
    request("GET", path, &Value::Null)
}

fn documents(collection: &str) -> Request {
    get(&format!("/databases/studio_multidb_test/collections/{collection}/documents?limit=1"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_does_side_by_side_is_of_its_users_share() {
    let here = "/databases/studio_multidb_test/collections";
    let stages: Vec<Value> =
        (0..8).map(|n| json!({ "$match": { format!("slow{n}"): n } })).collect();
    let doors = [
        ("GET", "/databases".to_owned(), Value::Null),
        ("GET", here.to_owned(), Value::Null),
        ("GET", format!("{here}/c/indexes"), Value::Null),
        ("GET", "/server".to_owned(), Value::Null),
        ("POST", format!("{here}/c/aggregate/preview"), json!({ "pipeline": stages })),
    ];
    for (method, path, body) in doors {
        let (fake, api) = server().await;
        // Of ten connections a user has five, four of which are taken.
        let mut under_way: Vec<_> =
            (0..4).map(|_| spawn(&api, "carl", documents("slow"))).collect();
        eventually("four being under way", async || stalled(&fake) == 4).await;
        under_way.push(spawn(&api, "carl", request(method, &path, &body)));
        eventually(&path, async || stalled(&fake) == 5).await;
        for _ in 0..3 {
            let answer = send(&api.service, "ben", documents("c")).await;
            assert_eq!(answer.status, 200, "beside {path}");
        }
        assert_eq!(stalled(&fake), 5, "{path}");
        under_way.iter().for_each(JoinHandle::abort);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_does_more_at_once_where_its_user_does_nothing_else() {
    let (fake, api) = server().await;
    let listed = spawn(&api, "carl", get("/databases/studio_multidb_test/collections"));
    eventually("four sizes being asked for", async || stalled(&fake) == 4).await;
    // It waits for sizes no longer than for a while, and has not asked for more meanwhile.
    assert_eq!(listed.await.unwrap().status, 200);
    assert_eq!(stalled(&fake), 4);
}

fn watch(collection: &str) -> Request {
    let collection = format!("/databases/studio_multidb_test/collections/{collection}");
    get(&format!("{collection}/watch?maxAwaitTimeMS=10000"))
}

fn of_ben(command: &Document) -> bool {
    command.get_i64("getMore").is_ok_and(|id| id == 10)
}

/// A server that never has news of one collection, and always of another.
async fn watched() -> (Fake, Api) {
    let fake = Fake::standalone(|name, command| {
        let batch = |id: i64, list: &str, events: Vec<Document>| {
            let cursor = doc! {
                "id": id, "ns": "studio_multidb_test.c", list: events,
                "postBatchResumeToken": { "_data": "1" },
            };
            Answer::With(doc! { "cursor": cursor, "ok": 1.0 })
        };
        match name {
            "aggregate" if command.to_string().contains("stuck") => Answer::Never,
            "aggregate" if command.to_string().contains("bens") => batch(10, "firstBatch", vec![]),
            "aggregate" => batch(9, "firstBatch", vec![]),
            "getMore" if of_ben(command) => {
                let event = doc! { "_id": { "_data": "2" }, "operationType": "insert" };
                batch(10, "nextBatch", vec![event])
            }
            "getMore" => Answer::Never,
            _ => Answer::Done,
        }
    })
    .await;
    let api = Api::within(Duration::from_secs(120), &fake.url(), "c");
    (fake, api)
}

/// Waits until a stream tells of a change.
async fn hears(answer: Response) {
    let mut feed = stream(answer);
    let heard = async {
        while let Some(bytes) = feed.next().await {
            if String::from_utf8_lossy(&bytes.unwrap()).contains("\"type\":\"change\"") {
                return;
            }
        }
        panic!("the stream ended");
    };
    tokio::time::timeout(Duration::from_secs(60), heard).await.expect("a change is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_users_change_streams_leave_others_their_turns() {
    let (fake, api) = watched().await;
    let mut open = Vec::new();
    for _ in 0..12 {
        let answer = send(&api.service, "carl", watch("carls")).await;
        assert_eq!(answer.status, 200);
        open.push(answer);
    }
    // Five of ten connections are for streams, and three of these for one user's.
    eventually("three listening", async || fake.asked("getMore").len() == 3).await;
    hears(send(&api.service, "ben", watch("bens")).await).await;
    let asked = fake.asked("getMore");
    let (bens, carls): (Vec<_>, Vec<_>) = asked.iter().partition(|command| of_ben(command));
    assert_eq!(carls.len(), 3);
    assert!(!bens.is_empty());
    // Nobody holds a connection for long, whatever was asked.
    for command in asked {
        let wait = command.get_i64("maxTimeMS").or(command.get_i32("maxTimeMS").map(i64::from));
        assert!(wait.is_ok_and(|wait| wait <= 1000), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_opens_one_change_stream_at_a_time() {
    let (fake, api) = watched().await;
    let opening: Vec<_> = (0..12).map(|_| spawn(&api, "carl", watch("stuck"))).collect();
    eventually("one being opened", async || !fake.asked("aggregate").is_empty()).await;
    hears(send(&api.service, "ben", watch("bens")).await).await;
    assert_eq!(fake.asked("aggregate").len(), 2);
    opening.iter().for_each(JoinHandle::abort);
}
