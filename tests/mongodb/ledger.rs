//! Thousands of writes of every kind while connections are cut and the server fails some of them.
//! Afterwards what is stored is compared with what was told.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use studio_multidb::backend::mongodb::{Change, Client, Namespace, Selection, Statement, with_id};
use studio_multidb::error::{Error, Result};
use studio_multidb::outcome::Outcome;

use super::failpoints::FailPoints;
use super::proxy::{Fault, Proxy};
use super::support::{behind, connect, counted, target, told};
use crate::fixtures::soon;

const WRITES: i32 = 5200;
/// Documents of one collection. `SecantusDB` walks through all of them to find one.
const PART: i32 = 200;
const WRITERS: i32 = 8;
/// Writes between one fault and the next.
const PAUSE: u32 = 200;
const COMMANDS: [&str; 3] = ["insert", "update", "findAndModify"];

/// What a write does to the document that is its own. None of them does the same when made twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Insert,
    Increment,
    Delete,
    /// Both of a document and the next one, in one request.
    Several,
}

impl Write {
    fn of(id: i32) -> Self {
        match id % 5 {
            0 => Self::Insert,
            1 => Self::Increment,
            2 => Self::Delete,
            _ => Self::Several,
        }
    }
}

/// The counter of a document before its write and after it; `None` where there is no document.
fn before_and_after(id: i32) -> (Option<i32>, Option<i32>) {
    match id % 5 {
        1 | 3 => (Some(0), Some(1)),
        2 => (Some(0), None),
        _ => (None, Some(0)),
    }
}

/// Where a document is.
fn namespace(id: i32) -> Namespace {
    Namespace::new("studio_multidb_test", &format!("ledger_{}", id / PART)).unwrap()
}

struct Ledger {
    client: Client,
    done: AtomicU32,
}

impl Ledger {
    /// Makes the write of a document, or of it and the next one; what was told of each.
    async fn write(&self, id: i32) -> Vec<(i32, Outcome)> {
        let (call, namespace) = (self.client.call(soon(), "ledger"), namespace(id));
        let outcome = |done: Result<()>| {
            vec![(id, done.map_or_else(|error| error.known_outcome(), |()| Outcome::Applied))]
        };
        match Write::of(id) {
            Write::Insert => {
                outcome(call.insert(&namespace, &[document(id)], true).await.map_err(|f| f.error))
            }
            Write::Increment => {
                let add = Change::operators(doc! { "$inc": { "n": 1 } });
                outcome(
                    call.change(&namespace, Bson::Int32(id), add, None)
                        .await
                        .map(drop)
                        .map_err(told),
                )
            }
            Write::Delete => outcome(
                call.delete(&namespace, Bson::Int32(id), None).await.map(drop).map_err(told),
            ),
            Write::Several => {
                let filter = doc! { "_id": id };
                let selection = Selection { filter, ..Selection::default() };
                let add = Change::operators(doc! { "$inc": { "n": 1 } });
                let statements = [
                    Statement::update(&selection, add, false).unwrap(),
                    Statement::insert(document(id + 1)),
                ];
                let done = call.bulk(&namespace, &statements, true).await;
                let [first, second] = match done {
                    Ok(_) => [Outcome::Applied; 2],
                    Err(failure) => outcomes(&failure.told()),
                };
                vec![(id, first), (id + 1, second)]
            }
        }
    }
}

/// What a failure says of both parts of a bulk: the parts before one that failed are done.
fn outcomes(error: &Error) -> [Outcome; 2] {
    let details = error.details();
    let modified = details["modified_count"] == 1;
    let inserted = details["inserted_count"] == 1;
    let unknown = details.get("unknown_indexes");
    [(0, modified), (1, inserted)].map(|(index, made)| match unknown {
        _ if made => Outcome::Applied,
        Some(unknown) if unknown[0] == index => Outcome::Unknown,
        _ => Outcome::NotApplied,
    })
}

fn document(id: i32) -> RawDocumentBuf {
    with_id(RawDocumentBuf::try_from(&doc! { "_id": id, "n": 0 }).unwrap()).unwrap().1
}

/// One fault after the other, each once some writes were made since the last.
async fn misbehave(ledger: Arc<Ledger>, proxy: Arc<Proxy>, points: Arc<FailPoints>) {
    let done = || ledger.done.load(Ordering::SeqCst);
    for round in 1.. {
        counted("writing", done, round * PAUSE).await;
        match round % 6 {
            // The write is made and its answer is lost.
            1 | 4 => cut(&proxy, Fault::CutAnswers).await,
            // It does not arrive.
            2 => cut(&proxy, Fault::CutRequests).await,
            3 => points.set(1, &COMMANDS, doc! { "closeConnection": true }).await,
            5 => hand_over(&proxy, &points, 10107).await,
            _ => hand_over(&proxy, &points, 91).await,
        }
    }
}

async fn cut(proxy: &Proxy, fault: Fault) {
    let cuts = proxy.cuts();
    proxy.set(fault);
    counted("cutting", || proxy.cuts(), cuts + 1).await;
    proxy.set(Fault::None);
}

/// A server that steps down or ends: it refuses, and then closes all connections.
async fn hand_over(proxy: &Proxy, points: &FailPoints, code: i32) {
    let failures = proxy.failures();
    points.set(2, &COMMANDS, doc! { "errorCode": code }).await;
    counted("failing", || proxy.failures(), failures + 1).await;
    proxy.reset();
}

#[allow(clippy::print_stderr)]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server for itself"]
async fn what_was_told_of_thousands_of_writes_is_true_and_none_was_made_twice() {
    let Some(target) = target() else { return };
    let points = Arc::new(FailPoints::of(&target).await);
    let proxy = Arc::new(Proxy::before(target.endpoints[0].port, "ledger").await);
    let client = connect(&behind(&proxy, &target)).await;
    let parts: Vec<_> = (0..WRITES / PART)
        .map(|part| {
            let first = part * PART;
            let namespace = namespace(first);
            let stored = points.driver.database(namespace.db()).collection(namespace.coll());
            (first, stored)
        })
        .collect();
    for (first, stored) in &parts {
        stored.delete_many(doc! {}).await.unwrap();
        let there = (*first..first + PART).filter(|&id| before_and_after(id).0.is_some());
        stored.insert_many(there.map(|id| doc! { "_id": id, "n": 0 })).await.unwrap();
    }

    let ledger = Arc::new(Ledger { client, done: AtomicU32::new(0) });
    let faults =
        tokio::spawn(misbehave(Arc::clone(&ledger), Arc::clone(&proxy), Arc::clone(&points)));
    let writers = (0..WRITERS).map(|writer| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move {
            let mut told = Vec::new();
            for id in (0..WRITES).filter(|id| id % 5 != 4 && id / 5 % WRITERS == writer) {
                told.extend(ledger.write(id).await);
                ledger.done.fetch_add(1, Ordering::SeqCst);
            }
            told
        })
    });
    let mut told = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        told.extend(writer.await.unwrap());
    }
    assert!(!faults.is_finished(), "the faults ended before the writes");
    faults.abort();
    proxy.set(Fault::None);
    points.heal().await;
    assert_eq!(told.len(), usize::try_from(WRITES).unwrap());

    let mut found = HashMap::new();
    for (_, stored) in &parts {
        let documents: Vec<Document> =
            stored.find(doc! {}).await.unwrap().try_collect().await.unwrap();
        let number = |document: &Document, name| document.get_i32(name).unwrap();
        found.extend(documents.iter().map(|d| (number(d, "_id"), number(d, "n"))));
    }
    let mut unknown = [0_u32; 2];
    let mut refused = 0_u32;
    for (id, outcome) in told {
        let now = found.get(&id).copied();
        let (before, after) = before_and_after(id);
        match outcome {
            Outcome::Applied => assert_eq!(now, after, "{id} was told as applied"),
            Outcome::NotApplied => {
                assert_eq!(now, before, "{id} was told as not applied");
                refused += 1;
            }
            Outcome::Unknown => {
                assert!(now == before || now == after, "{id} is {now:?}");
                unknown[usize::from(now == after)] += 1;
            }
        }
    }
    assert!(proxy.cuts() > 10, "only {} cuts", proxy.cuts());
    // Where writes are not sent again, each cut is one that nobody can tell of.
    let [lost, made] = unknown;
    assert!(refused + lost + made > 0, "no write met a fault");
    eprintln!("unknown and not made: {lost}, unknown and made: {made}, not applied: {refused}");
    ledger.client.close().await;
}
