//! Three scripted members of a replica set.

use std::collections::HashMap;
use std::sync::Arc;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};
use parking_lot::Mutex;

use crate::api::Api;
use crate::fake::{Answer, Fake, cursor};

/// Three scripted members.
pub(super) struct Set {
    pub(super) members: Vec<Fake>,
    pub(super) shared: Arc<Mutex<Shared>>,
}

/// What the members have in common.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) addresses: Vec<String>,
    primary: Option<usize>,
    /// Who still takes itself for the primary of the term before.
    pub(super) stale: Option<usize>,
    term: u32,
    /// Counters by the `_id` of their document, as they were replicated.
    counters: HashMap<i32, i32>,
    /// Writes that all members know, by session and number.
    known: Vec<(Bson, i64)>,
    /// What the next write meets.
    pub(super) blow: Option<Blow>,
    /// Queries are not answered, and are there to be ended.
    pub(super) stuck: bool,
    /// How many changes there were.
    pub(super) changes: i32,
    /// How many of them the one change stream has told.
    told: i32,
}

/// What befalls a write while another member becomes the primary.
#[derive(Debug, Clone, Copy)]
pub(super) enum Blow {
    /// It is made and the others have it, but its answer is lost.
    AnswerLost,
    /// It is made on the old primary alone and is gone; so is its answer.
    RolledBack,
    /// It is undone, and the answer says so.
    Interrupted,
}

pub(super) const BLOWS: [Blow; 3] = [Blow::AnswerLost, Blow::RolledBack, Blow::Interrupted];

impl Set {
    /// The first member is the primary.
    pub(super) async fn of_three() -> Self {
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
    pub(super) fn api(&self, seed: usize, more: &str) -> Api {
        let seed = &self.members[seed];
        Api::of(&format!("{}?replicaSet=rs0&serverSelectionTimeoutMS=3000{more}", seed.url()), "c")
    }

    pub(super) fn elect(&self, primary: Option<usize>) {
        self.shared.lock().elect(primary);
    }

    pub(super) fn counter(&self, id: i32) -> Option<i32> {
        self.shared.lock().counters.get(&id).copied()
    }

    /// How often each member was sent the command.
    pub(super) fn asked(&self, name: &str) -> [usize; 3] {
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
