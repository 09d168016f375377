//! A replica set of three whose primary changes at the worst moment.

use std::collections::HashMap;
use std::sync::Arc;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};
use parking_lot::Mutex;
use serde_json::{Value, json};
use studio_multidb::backend::mongodb::Client;
use studio_multidb::error::Code;

use super::api::Api;
use super::fake::{Answer, Fake, cursor};
use super::support::parsed;
use super::watch::Reader;
use crate::fixtures::{options, soon};

/// Three scripted members.
struct Set {
    members: Vec<Fake>,
    shared: Arc<Mutex<Shared>>,
}

/// What the members have in common.
#[derive(Default)]
struct Shared {
    addresses: Vec<String>,
    primary: Option<usize>,
    /// Who still takes itself for the primary of the term before.
    stale: Option<usize>,
    term: u32,
    /// Counters by the `_id` of their document, as they were replicated.
    counters: HashMap<i32, i32>,
    /// Writes that all members know, by session and number.
    known: Vec<(Bson, i64)>,
    /// What the next write meets.
    blow: Option<Blow>,
    /// Queries are not answered, and are there to be ended.
    stuck: bool,
    /// How many changes there were.
    changes: i32,
    /// How many of them the one change stream has told.
    told: i32,
}

/// What befalls a write while another member becomes the primary.
#[derive(Debug, Clone, Copy)]
enum Blow {
    /// It is made and the others have it, but its answer is lost.
    AnswerLost,
    /// It is made on the old primary alone and is gone; so is its answer.
    RolledBack,
    /// It is undone, and the answer says so.
    Interrupted,
}

const BLOWS: [Blow; 3] = [Blow::AnswerLost, Blow::RolledBack, Blow::Interrupted];

impl Set {
    /// The first member is the primary.
    async fn of_three() -> Self {
        let shared = Arc::new(Mutex::new(Shared { primary: Some(0), ..Shared::default() }));
        let mut members = Vec::new();
        for me in 0..3 {
            let (greeting, answering) = (Arc::clone(&shared), Arc::clone(&shared));
            let member = Fake::changing(
                move || greeting.lock().hello(me),
                move |name, command| answering.lock().answer(me, name, command),
            );
            members.push(member.await);
        }
        shared.lock().addresses =
            members.iter().map(|member| format!("127.0.0.1:{}", member.port)).collect();
        Self { members, shared }
    }

    /// An API that was told of one member alone.
    fn api(&self, seed: usize, more: &str) -> Api {
        let seed = &self.members[seed];
        Api::of(&format!("{}?replicaSet=rs0&serverSelectionTimeoutMS=3000{more}", seed.url()), "c")
    }

    fn elect(&self, primary: Option<usize>) {
        self.shared.lock().elect(primary);
    }

    fn counter(&self, id: i32) -> Option<i32> {
        self.shared.lock().counters.get(&id).copied()
    }

    /// How often each member was sent the command.
    fn asked(&self, name: &str) -> [usize; 3] {
        [0, 1, 2].map(|member: usize| self.members[member].asked(name).len())
    }
}

impl Shared {
    fn elect(&mut self, primary: Option<usize>) {
        self.primary = primary;
        self.term += 1;
    }

    fn hello(&self, me: usize) -> Document {
        let is_primary = self.primary == Some(me) || self.stale == Some(me);
        let mut hello = doc! {
            "isWritablePrimary": is_primary, "secondary": !is_primary, "setName": "rs0",
            "setVersion": 1, "me": &self.addresses[me], "hosts": self.addresses.clone(),
        };
        if let Some(primary) = self.primary {
            hello.insert("primary", &self.addresses[primary]);
        }
        if is_primary {
            let term = if self.stale == Some(me) { self.term - 1 } else { self.term };
            let mut election = [0; 12];
            election[8..].copy_from_slice(&term.to_be_bytes());
            hello.insert("electionId", ObjectId::from_bytes(election));
        }
        hello
    }

    fn answer(&mut self, me: usize, name: &str, command: &Document) -> Answer {
        let is_primary = self.primary == Some(me) || self.stale == Some(me);
        match name {
            "findAndModify" | "insert" | "update" if is_primary => self.write(me, command),
            "findAndModify" | "insert" | "update" => failed(10107, "NotWritablePrimary"),
            "find" if !is_primary && !command.contains_key("$readPreference") => {
                failed(13435, "NotPrimaryNoSecondaryOk")
            }
            "find" if self.stuck => Answer::Never,
            "find" => cursor(0, vec![doc! { "_id": 1 }]),
            "aggregate" => match change_stream(command) {
                Some(stream) => {
                    self.told = begins_after(stream).unwrap_or(self.changes);
                    self.batch("firstBatch", self.told)
                }
                // Whoever looks for an operation finds it where it runs.
                None => cursor(0, vec![doc! { "opid": 40 + i32::try_from(me).unwrap() }]),
            },
            "getMore" if !is_primary => failed(10107, "NotWritablePrimary"),
            // Some are left for the next time.
            "getMore" => self.batch("nextBatch", self.changes.min(self.told + 2)),
            "replSetGetStatus" => Answer::With(self.status(me)),
            _ => Answer::Done,
        }
    }

    /// Counts a document, unless this was done for the same write before.
    fn write(&mut self, me: usize, command: &Document) -> Answer {
        let number = command.get_i64("txnNumber").ok();
        let write = command.get_document("lsid").ok().map(Bson::from).zip(number);
        if write.as_ref().is_some_and(|write| self.known.contains(write)) {
            return made(command);
        }
        let blow = self.blow.take();
        if let Some(blow) = blow {
            self.elect(Some((me + 1) % 3));
            match blow {
                Blow::Interrupted => return failed(11602, "InterruptedDueToReplStateChange"),
                Blow::RolledBack => return Answer::Close,
                Blow::AnswerLost => {}
            }
        }
        for id in ids(command) {
            *self.counters.entry(id).or_default() += 1;
        }
        self.known.extend(write);
        if blow.is_some() { Answer::Close } else { made(command) }
    }

    /// The changes up to that one.
    fn batch(&mut self, name: &str, last: i32) -> Answer {
        let change =
            |at| doc! { "_id": token(at), "operationType": "insert", "documentKey": { "_id": at } };
        let changes: Vec<Document> = (self.told + 1..=last).map(change).collect();
        self.told = last;
        let cursor = doc! {
            "id": 9_i64, "ns": "studio_multidb_test.c", name: changes,
            "postBatchResumeToken": token(last),
        };
        Answer::With(doc! { "cursor": cursor, "ok": 1.0 })
    }

    fn status(&self, me: usize) -> Document {
        let members = self.addresses.iter().enumerate().map(|(index, name)| {
            let is_primary = self.primary == Some(index);
            let seconds = if is_primary { 100 } else { 98 };
            doc! {
                "_id": i32::try_from(index).unwrap(), "name": name, "health": 1.0,
                "stateStr": if is_primary { "PRIMARY" } else { "SECONDARY" },
                "optimeDate": DateTime::from_millis(seconds * 1000), "self": index == me,
            }
        });
        doc! { "set": "rs0", "members": members.collect::<Vec<_>>(), "ok": 1.0 }
    }
}

fn token(at: i32) -> Document {
    doc! { "_data": at.to_string() }
}

/// What a change stream is asked to tell, if the command opens one.
fn change_stream(command: &Document) -> Option<&Document> {
    let first = command.get_array("pipeline").ok()?.first()?.as_document()?;
    first.get_document("$changeStream").ok()
}

/// After which change it begins, if it says so.
fn begins_after(stream: &Document) -> Option<i32> {
    let token = stream.get_document("resumeAfter").or_else(|_| stream.get_document("startAfter"));
    token.ok()?.get_str("_data").unwrap().parse().ok()
}

/// The documents that a write is about.
fn ids(command: &Document) -> Vec<i32> {
    let id = |document: &Document| document.get_i32("_id").unwrap();
    if let Ok(query) = command.get_document("query") {
        return vec![query.get_document("_id").unwrap().get_i32("$eq").unwrap()];
    }
    let (list, within) = if command.contains_key("documents") {
        ("documents", None)
    } else {
        ("updates", Some("q"))
    };
    let items = command.get_array(list).unwrap().iter().map(|item| item.as_document().unwrap());
    items.map(|item| id(within.map_or(item, |name| item.get_document(name).unwrap()))).collect()
}

fn made(command: &Document) -> Answer {
    let count = i32::try_from(ids(command).len()).unwrap();
    let changed = doc! { "_id": ids(command)[0] };
    Answer::With(doc! { "n": count, "nModified": count, "value": changed, "ok": 1.0 })
}

/// A refusal as members give it: writes may be sent again, to whoever is the primary then.
fn failed(code: i32, name: &str) -> Answer {
    Answer::With(doc! {
        "ok": 0.0, "code": code, "codeName": name, "errmsg": name,
        "errorLabels": ["RetryableWriteError", "ResumableChangeStreamError"],
    })
}

async fn increment(api: &Api, id: i32) -> (u16, Value) {
    let body = json!({ "update": { "$inc": { "n": 1 } } });
    api.send("PUT", &format!("/documents/{id}?id_type=int"), body).await
}

async fn insert(api: &Api, id: i32) -> (u16, Value) {
    api.send("POST", "/documents", json!({ "document": { "_id": id } })).await
}

async fn update_many(api: &Api, id: i32) -> (u16, Value) {
    let update = json!({ "filter": { "_id": id }, "update": { "$inc": { "n": 1 } } });
    api.send("POST", "/documents/bulk", json!({ "updateMany": update })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_members_are_found_from_any_of_them_and_told_of() {
    for seed in 0..3 {
        let set = Set::of_three().await;
        let api = set.api(seed, "");
        let (status, answer) = insert(&api, 1).await;
        assert_eq!(status, 201, "{answer}");
        assert_eq!(set.asked("insert"), [1, 0, 0]);

        let (_, answer) = api.at("GET", "/server", Value::Null).await;
        let replication = &answer["data"]["replication"];
        assert_eq!(
            (&replication["set"], &replication["state"]),
            (&json!("rs0"), &json!("primary"))
        );
        let addresses = json!(set.shared.lock().addresses);
        assert_eq!(replication["hosts"], addresses);
        let members = replication["members"].as_array().unwrap();
        let told = |name: &str| members.iter().map(|m| m[name].clone()).collect::<Value>();
        assert_eq!(told("host"), addresses);
        assert_eq!(told("state"), json!(["PRIMARY", "SECONDARY", "SECONDARY"]));
        assert_eq!(told("lag_seconds"), json!([null, 2, 2]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_set_of_another_name_is_told_as_such() {
    let set = Set::of_three().await;
    let standalone = Fake::standalone(|_, _| Answer::Done).await;
    for (url, found) in [(set.members[1].url(), "\"rs0\""), (standalone.url(), "no replica set")] {
        let target = parsed(&format!("{url}?replicaSet=other"));
        let error = Client::connect(&target, &options(), soon()).await.unwrap_err();
        assert_eq!(error.code(), Code::DbConnectionFailed, "{error}");
        assert!(
            error.message().contains(found) && error.message().contains("\"other\""),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_read_goes_to_a_member_of_the_kind_that_it_prefers() {
    let set = Set::of_three().await;
    let api = set.api(0, "");
    let find = async |preference: &str| {
        let query = format!("count=false{preference}");
        let (status, answer) = api.get(&format!("/documents?{query}")).await;
        assert_eq!(status, 200, "{preference}: {answer}");
    };
    find("").await;
    find("&readPreference=primary").await;
    find("&readPreference=primaryPreferred").await;
    assert_eq!(set.asked("find"), [3, 0, 0]);
    for _ in 0..20 {
        find("&readPreference=secondary").await;
        find("&readPreference=secondaryPreferred").await;
    }
    let [first, second, third] = set.asked("find");
    assert_eq!((first, second + third), (3, 40));
    let command = &set.members[if second > 0 { 1 } else { 2 }].asked("find")[0];
    let mode = command.get_document("$readPreference").unwrap().get_str("mode").unwrap();
    assert!(mode.starts_with("secondary"), "{mode}");

    // What the connection prefers holds where the request says nothing.
    let api = set.api(0, "&readPreference=secondary");
    let before = set.asked("find")[0];
    assert_eq!(api.get("/documents?count=false").await.0, 200);
    assert_eq!(set.asked("find")[0], before);
    // Writes go to the primary all the same.
    assert_eq!(insert(&api, 1).await.0, 201);
    assert_eq!(update_many(&api, 1).await.0, 200);
    assert_eq!((set.asked("insert"), set.asked("update")), ([1, 0, 0], [1, 0, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_goes_on_without_a_primary_where_it_may() {
    let set = Set::of_three().await;
    let api = set.api(1, "");
    assert_eq!(increment(&api, 1).await.0, 200);
    set.elect(None);
    let (status, answer) = increment(&api, 1).await;
    assert_eq!((status, &answer["error"]["outcome"]), (503, &json!("not_applied")), "{answer}");
    let query = "count=false&readPreference=primaryPreferred";
    let (status, answer) = api.get(&format!("/documents?{query}")).await;
    assert_eq!(status, 200, "{answer}");
    set.elect(Some(2));
    let (status, answer) = increment(&api, 1).await;
    assert_eq!((status, set.counter(1)), (200, Some(2)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_to_the_primary_of_before_is_made_once_by_the_new_one() {
    let set = Set::of_three().await;
    let api = set.api(0, "");
    assert_eq!(increment(&api, 1).await.0, 200);
    set.elect(Some(1));
    // Nobody has told the client yet.
    let (status, answer) = increment(&api, 1).await;
    assert_eq!((status, set.counter(1)), (200, Some(2)), "{answer}");
    assert_eq!(set.asked("findAndModify"), [2, 1, 0]);
    set.elect(Some(2));
    let (status, answer) = insert(&api, 5).await;
    assert_eq!((status, set.counter(5)), (201, Some(1)), "{answer}");
    assert_eq!(set.asked("insert"), [0, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_during_a_failover_is_made_once_whatever_befalls_it() {
    for blow in BLOWS {
        let set = Set::of_three().await;
        let api = set.api(0, "");
        assert_eq!(increment(&api, 1).await.0, 200);
        for (id, member) in [(1, 0), (2, 1)] {
            let before = set.counter(id).unwrap_or(0);
            set.shared.lock().blow = Some(blow);
            let (status, answer) = increment(&api, id).await;
            assert_eq!(status, 200, "{blow:?}: {answer}");
            assert_eq!(set.counter(id), Some(before + 1), "{blow:?} at {member}");
        }
        set.shared.lock().blow = Some(blow);
        let (status, answer) = insert(&api, 3).await;
        assert_eq!((status, set.counter(3)), (201, Some(1)), "{blow:?}: {answer}");
        assert_eq!(set.asked("insert"), [1, 0, 1], "{blow:?}");
    }
}

/// Without retries, and for writes to many documents, which servers don't know again.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_not_sent_again_is_told_as_what_is_known_of_it() {
    for blow in BLOWS {
        let set = Set::of_three().await;
        let api = set.api(0, "&retryWrites=false");
        assert_eq!(increment(&api, 1).await.0, 200);
        set.shared.lock().blow = Some(blow);
        let (status, answer) = increment(&api, 1).await;
        assert_eq!((status, &answer["error"]["outcome"]), (503, &json!("unknown")), "{blow:?}");
        assert_eq!(set.asked("findAndModify"), [2, 0, 0], "{blow:?}: sent once");
        let made = matches!(blow, Blow::AnswerLost);
        assert_eq!(set.counter(1), Some(1 + i32::from(made)));
        let (status, answer) = increment(&api, 1).await;
        assert_eq!(status, 200, "{blow:?}: {answer}");

        let set = Set::of_three().await;
        let api = set.api(0, "");
        assert_eq!(update_many(&api, 1).await.0, 200);
        set.shared.lock().blow = Some(blow);
        let (status, answer) = update_many(&api, 1).await;
        assert_eq!((status, &answer["error"]["outcome"]), (503, &json!("unknown")), "{blow:?}");
        assert_eq!(answer["error"]["details"]["unknown_indexes"], json!([0]));
        assert_eq!(set.asked("update"), [2, 0, 0], "{blow:?}: sent once");
        assert_eq!(update_many(&api, 1).await.0, 200);
    }
}

/// Cut off from the others, it does not know yet that they have another.
#[tokio::test(flavor = "multi_thread")]
async fn who_still_takes_itself_for_the_primary_is_not_written_to() {
    let set = Set::of_three().await;
    set.elect(Some(1));
    set.shared.lock().stale = Some(0);
    let api = set.api(1, "");
    for id in 0..5 {
        assert_eq!(insert(&api, id).await.0, 201);
    }
    assert_eq!(set.asked("insert"), [0, 5, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_dies_is_done_without() {
    let set = Set::of_three().await;
    let api = set.api(0, "");
    assert_eq!(increment(&api, 1).await.0, 200);
    set.members[0].dies();
    set.elect(Some(2));
    let (status, answer) = increment(&api, 1).await;
    assert_eq!((status, set.counter(1)), (200, Some(2)), "{answer}");
    let query = "count=false&readPreference=secondary";
    assert_eq!(api.get(&format!("/documents?{query}")).await.0, 200);
    assert_eq!(set.asked("find"), [0, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_was_given_up_is_ended_on_the_member_that_works_on_it() {
    let set = Set::of_three().await;
    let api = set.api(0, "");
    set.shared.lock().stuck = true;
    let find = api.get("/documents?count=false&readPreference=secondary");
    let arrived = async {
        while set.asked("find") == [0; 3] {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = find => panic!("it was answered"),
        () = arrived => {}
    }
    let at = set.asked("find").iter().position(|&times| times > 0).unwrap();
    set.members[at].expect("killOp").await;
    for other in (0..3).filter(|&other| other != at) {
        assert!(set.members[other].asked("killOp").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_stream_follows_the_primary_and_tells_every_change_once() {
    let set = Set::of_three().await;
    let api = set.api(0, "");
    let mut reader = Reader::of(&api, "").await;
    reader.next_of("progress").await;
    let mut disconnected = 0;
    for round in 1..=4_i32 {
        set.shared.lock().changes += 5;
        // Some were read, and some were not, when another takes over.
        set.elect(usize::try_from(round % 3).ok());
        for at in 5 * round - 4..=5 * round {
            let message = loop {
                let message = reader.next().await.unwrap();
                match message["type"].as_str().unwrap() {
                    "disconnected" => disconnected += 1,
                    "change" => break message,
                    _ => {}
                }
            };
            assert_eq!(message["change"]["documentKey"]["_id"], at);
        }
    }
    assert!(disconnected > 0 && set.asked("aggregate").iter().all(|&times| times > 0));
}
