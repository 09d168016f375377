//! What is told of writes that a server fails on purpose. Fail points are the whole server's, so these
//! tests run alone.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use studio_multidb::backend::mongodb::{Change, Client, Namespace, Selection, Statement};
use studio_multidb::deadline::Deadline;
use studio_multidb::error::{Code, Error};
use studio_multidb::outcome::Outcome;
use studio_multidb::target::MongoTarget;
use tokio::sync::{Mutex, MutexGuard};

use super::proxy::Proxy;
use super::support::{behind, collection, connect, insert, plain_client, target, told};
use crate::fixtures::{eventually, soon};

static TURN: Mutex<()> = Mutex::const_new(());

/// Sets fail points, by the driver alone. One test at a time does.
pub(super) struct FailPoints {
    pub(super) driver: mongodb::Client,
    _turn: MutexGuard<'static, ()>,
}

impl FailPoints {
    pub(super) async fn of(target: &MongoTarget) -> Self {
        let points = Self { _turn: TURN.lock().await, driver: plain_client(target).await };
        points.heal().await;
        points
    }

    /// Fails the next so many commands of these, as sent by the package.
    pub(super) async fn set(&self, times: i32, commands: &[&str], how: Document) {
        let mut data = doc! { "failCommands": commands, "appName": "studio-multidb" };
        data.extend(how);
        let mode = doc! { "times": times };
        let point = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data };
        self.driver.database("admin").run_command(point).await.unwrap();
    }

    pub(super) async fn heal(&self) {
        let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
        self.driver.database("admin").run_command(off).await.unwrap();
    }
}

struct Server {
    client: Client,
    proxy: Proxy,
    namespace: Namespace,
    points: FailPoints,
}

/// A client that sends writes again as the target says, and a collection that is empty.
async fn server(name: &'static str, retry_writes: bool) -> Option<Server> {
    let target = target()?;
    let points = FailPoints::of(&target).await;
    let proxy = Proxy::before(target.endpoints[0].port, name).await;
    let retry_writes = Some(retry_writes);
    let client = connect(&MongoTarget { retry_writes, ..behind(&proxy, &target) }).await;
    let namespace = collection(&client, name).await;
    Some(Server { client, proxy, namespace, points })
}

impl Server {
    /// Adds one to the counter of the document 1.
    async fn increment(&self, deadline: Deadline) -> Result<(), Error> {
        let add = Change::operators(doc! { "$inc": { "n": 1 } });
        let call = self.client.call(deadline, "failing");
        call.change(&self.namespace, Bson::Int32(1), add, None).await.map(drop).map_err(told)
    }

    /// The same while the server, which refuses it and hands over, closes its connections: a driver
    /// that was told so waits for the server to say more, which one that only pretends does not.
    async fn increment_in_failover(&self) -> Result<(), Error> {
        let before = self.proxy.failures() + self.proxy.cuts();
        let resets = async {
            while self.proxy.failures() + self.proxy.cuts() == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            self.proxy.reset();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            done = self.increment(soon()) => done,
            () = resets => unreachable!(),
        }
    }

    /// What is stored, once the client has found the server again.
    async fn stored(&self) -> Vec<Document> {
        self.points.heal().await;
        self.proxy.reset();
        eventually("the server being found again", async || {
            let call = self.client.call(soon(), "settled");
            call.count(&self.namespace, doc! { "_id": 1 }).await.is_ok()
        })
        .await;
        let database = self.points.driver.database(self.namespace.db());
        let stored = database.collection(self.namespace.coll());
        stored.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap().try_collect().await.unwrap()
    }

    async fn end(self) {
        self.points.heal().await;
        self.client.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server for itself"]
async fn a_write_that_was_refused_is_not_applied_and_one_that_was_cut_off_is_unknown() {
    let Some(server) = server("failing_refused", false).await else { return };
    insert(&server.client, &server.namespace, &[doc! { "_id": 1, "n": 0 }]).await.unwrap();
    for (how, code, outcome) in [
        (doc! { "errorCode": 10107 }, Code::DbConnectionFailed, Outcome::NotApplied),
        (doc! { "errorCode": 91 }, Code::DbConnectionFailed, Outcome::Unknown),
        (doc! { "errorCode": 189 }, Code::DbConnectionFailed, Outcome::Unknown),
        (doc! { "errorCode": 11600 }, Code::DbConnectionFailed, Outcome::Unknown),
        (doc! { "errorCode": 13 }, Code::PermissionDenied, Outcome::NotApplied),
        (doc! { "closeConnection": true }, Code::DbConnectionFailed, Outcome::Unknown),
    ] {
        server.points.set(1, &["findAndModify"], how.clone()).await;
        let error = server.increment(soon()).await.unwrap_err();
        assert_eq!((error.code(), error.known_outcome()), (code, outcome), "{how}: {error}");
        // A second one would have been let through.
        assert_eq!(server.stored().await, [doc! { "_id": 1, "n": 0 }], "{how}");
    }
    server.increment(soon()).await.unwrap();
    assert_eq!(server.stored().await, [doc! { "_id": 1, "n": 1 }]);
    server.end().await;
}

/// A replica set knows a write that is sent again, so it is, once.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server for itself"]
async fn a_replica_set_is_sent_a_write_again_and_makes_it_once() {
    let Some(server) = server("failing_again", true).await else { return };
    if target().is_some_and(|target| target.replica_set.is_none()) {
        return server.end().await;
    }
    let mut made = 0;
    insert(&server.client, &server.namespace, &[doc! { "_id": 1, "n": made }]).await.unwrap();
    for how in [
        doc! { "errorCode": 10107 },
        doc! { "errorCode": 91 },
        doc! { "errorCode": 189 },
        doc! { "errorCode": 11600 },
        doc! { "closeConnection": true },
    ] {
        server.points.set(1, &["findAndModify"], how.clone()).await;
        server.increment_in_failover().await.unwrap();
        made += 1;
        assert_eq!(server.stored().await, [doc! { "_id": 1, "n": made }], "{how}");
        server.points.set(2, &["findAndModify"], how.clone()).await;
        let error = server.increment_in_failover().await.unwrap_err();
        assert_eq!(error.code(), Code::DbConnectionFailed, "{how}: {error}");
        assert_eq!(error.known_outcome(), Outcome::Unknown, "{how}: {error}");
        assert_eq!(server.stored().await, [doc! { "_id": 1, "n": made }], "{how}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server for itself"]
async fn a_bulk_that_is_cut_off_says_what_was_written_before_and_what_is_in_doubt() {
    let insert =
        |id: i32| Statement::insert(RawDocumentBuf::try_from(&doc! { "_id": id }).unwrap());
    let selection = Selection { filter: doc! { "_id": 9 }, many: true, ..Selection::default() };
    let remove = Statement::delete(&selection).unwrap();
    let statements = [insert(1), insert(2), remove, insert(3)];
    for how in [doc! { "closeConnection": true }, doc! { "errorCode": 11600 }] {
        let Some(server) = server("failing_bulk", true).await else { return };
        server.points.set(1, &["delete"], how.clone()).await;
        let call = server.client.call(soon(), "bulk");
        let error = call.bulk(&server.namespace, &statements, true).await.unwrap_err().told();
        assert_eq!(error.known_outcome(), Outcome::Unknown, "{how}: {error}");
        assert_eq!(error.details()["inserted_indexes"], serde_json::json!([0, 1]), "{how}");
        assert_eq!(error.details()["unknown_indexes"], serde_json::json!([2]), "{how}");
        assert_eq!(server.stored().await.len(), 2, "what comes after was not tried");
        server.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a server for itself"]
async fn a_write_that_takes_too_long_is_given_up_and_told_as_unknown() {
    let Some(server) = server("failing_slow", false).await else { return };
    insert(&server.client, &server.namespace, &[doc! { "_id": 1, "n": 0 }]).await.unwrap();
    let slow = doc! { "blockConnection": true, "blockTimeMS": 30_000 };
    server.points.set(1, &["findAndModify"], slow).await;
    let started = Instant::now();
    let error = server.increment(Deadline::after(Duration::from_millis(400))).await.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbTimeout, Outcome::Unknown));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    server.end().await;
}
