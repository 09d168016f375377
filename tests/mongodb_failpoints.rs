//! What is told of writes when a server fails them on purpose. Fail points are the whole server's, so
//! these tests take turns, and have a program of their own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use studio_multidb::backend::ConnectOptions;
use studio_multidb::backend::mongodb::{
    Call, Change, Client, Namespace, Selection, Statement, with_id,
};
use studio_multidb::deadline::Deadline;
use studio_multidb::error::{Code, Error};
use studio_multidb::outcome::Outcome;
use studio_multidb::target::egress::Egress;
use studio_multidb::target::{DatabaseType, MongoTarget, Rules, Target, TargetInput};
use tokio::sync::{Mutex, MutexGuard};

static TURN: Mutex<()> = Mutex::const_new(());

struct Server {
    client: Client,
    /// Sets fail points and looks at what is stored, by the driver alone.
    driver: mongodb::Client,
    namespace: Namespace,
    _turn: MutexGuard<'static, ()>,
}

async fn server(collection: &str, retry_writes: bool) -> Option<Server> {
    let url = std::env::var("TEST_MONGODB_URL").ok()?;
    let turn = TURN.lock().await;
    let input = TargetInput::from_connection_string(&url);
    let target = Target::parse(DatabaseType::Mongodb, &input, Rules { self_hosted: true });
    let Ok(Target::Mongodb(target)) = target else { panic!("{url}") };
    let target = MongoTarget { retry_writes: Some(retry_writes), ..target };
    let options = ConnectOptions {
        egress: Arc::new(Egress::default()),
        max_connections: 10,
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(60),
    };
    let client = Client::connect(&target, &options, soon()).await.unwrap();
    let driver = mongodb::Client::with_uri_str(&url).await.unwrap();
    let namespace = Namespace::new("studio_multidb_failpoints", collection).unwrap();
    let server = Server { client, driver, namespace, _turn: turn };
    server.collection().delete_many(doc! {}).await.unwrap();
    Some(server)
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

impl Server {
    fn call(&self) -> Call<'_> {
        self.client.call(soon(), "failing")
    }

    fn collection(&self) -> mongodb::Collection<Document> {
        self.driver.database(self.namespace.db()).collection(self.namespace.coll())
    }

    /// Fails the next command of these, as sent by the package.
    async fn fail(&self, commands: &[&str], how: Document) {
        let mut data = doc! { "failCommands": commands, "appName": "studio-multidb" };
        data.extend(how);
        let set =
            doc! { "configureFailPoint": "failCommand", "mode": { "times": 1 }, "data": data };
        self.driver.database("admin").run_command(set).await.unwrap();
    }

    /// Waits until the driver has found the server again, which it leaves after some errors.
    async fn settle(&self) {
        let started = Instant::now();
        while self.call().count(&self.namespace, doc! { "_id": 1 }).await.is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "the server was not found again");
        }
    }

    async fn heal(&self) {
        let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
        self.driver.database("admin").run_command(off).await.unwrap();
    }

    async fn stored(&self) -> u64 {
        self.collection().count_documents(doc! {}).await.unwrap()
    }

    async fn insert(&self, id: i32) -> Result<(), Error> {
        let document = RawDocumentBuf::try_from(&doc! { "_id": id, "n": 0 }).unwrap();
        self.call().insert(&self.namespace, &[with_id(document).unwrap().1], true).await
    }

    async fn increment(&self, id: i32) -> Result<(), Error> {
        let change = Change::operators(doc! { "$inc": { "n": 1 } });
        self.call().change(&self.namespace, Bson::Int32(id), change, None).await.map(drop)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_the_server_refused_is_not_applied_and_one_that_was_cut_off_is_unknown() {
    let Some(server) = server("refused", false).await else { return };
    server.insert(1).await.unwrap();
    for (code, ours, outcome) in [
        (10107, Code::DbConnectionFailed, Outcome::NotApplied),
        (91, Code::DbConnectionFailed, Outcome::Unknown),
        (189, Code::DbConnectionFailed, Outcome::Unknown),
        (11600, Code::DbConnectionFailed, Outcome::Unknown),
        (13, Code::PermissionDenied, Outcome::NotApplied),
    ] {
        server.fail(&["findAndModify"], doc! { "errorCode": code }).await;
        let error = server.increment(1).await.unwrap_err();
        assert_eq!((error.code(), error.known_outcome()), (ours, outcome), "{code}: {error}");
        server.heal().await;
        server.settle().await;
    }
    server.fail(&["findAndModify"], doc! { "closeConnection": true }).await;
    let error = server.increment(1).await.unwrap_err();
    assert_eq!(error.known_outcome(), Outcome::Unknown, "{error}");
    server.heal().await;
    let stored = server.collection().find_one(doc! { "_id": 1 }).await.unwrap().unwrap();
    assert_eq!(stored.get_i32("n").unwrap(), 0, "none of them was sent again");
    server.increment(1).await.unwrap();
    server.client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_that_is_cut_off_says_what_was_written_before_and_what_is_in_doubt() {
    let Some(server) = server("bulk", true).await else { return };
    let insert =
        |id: i32| Statement::insert(RawDocumentBuf::try_from(&doc! { "_id": id }).unwrap());
    let remove = || {
        let filter = doc! { "_id": { "$lt": 0 } };
        Statement::delete(&Selection { filter, many: true, ..Selection::default() }).unwrap()
    };
    for how in [doc! { "closeConnection": true }, doc! { "errorCode": 11600 }] {
        server.collection().delete_many(doc! {}).await.unwrap();
        server.fail(&["delete"], how).await;
        let statements = [insert(1), insert(2), remove(), insert(3)];
        let error = server.call().bulk(&server.namespace, &statements, true).await.unwrap_err();
        assert_eq!(error.known_outcome(), Outcome::Unknown, "{error}");
        assert_eq!(error.details()["inserted_indexes"], serde_json::json!([0, 1]));
        assert_eq!(error.details()["unknown_indexes"], serde_json::json!([2]));
        server.heal().await;
        assert_eq!(server.stored().await, 2, "what comes after was not tried");
    }
    server.client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_takes_too_long_is_given_up_and_told_as_unknown() {
    let Some(server) = server("slow", false).await else { return };
    server.insert(1).await.unwrap();
    let slow = doc! { "blockConnection": true, "blockTimeMS": 3000 };
    server.fail(&["findAndModify"], slow).await;
    let started = Instant::now();
    let call = server.client.call(Deadline::after(Duration::from_millis(400)), "slow");
    let change = Change::operators(doc! { "$inc": { "n": 1 } });
    let error = call.change(&server.namespace, Bson::Int32(1), change, None).await.unwrap_err();
    assert_eq!((error.code(), error.known_outcome()), (Code::DbTimeout, Outcome::Unknown));
    assert!(started.elapsed() < Duration::from_millis(2500), "{:?}", started.elapsed());
    server.heal().await;
    server.client.close().await;
}

/// Inserts, increments and deletions of documents of their own, while some of them are cut off or
/// refused. Afterwards what is stored is compared with what was told.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_of_thousands_of_writes_is_true() {
    const WRITES: i32 = 5100;
    let Some(server) = server("ledger", false).await else { return };
    let old: Vec<Document> = (0..WRITES).map(|id| doc! { "_id": id, "n": 0 }).collect();
    let old: Vec<&Document> = old.iter().filter(|d| d.get_i32("_id").unwrap() % 3 != 0).collect();
    server.collection().insert_many(old).await.unwrap();
    let server = Arc::new(server);
    let faults = {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let hows = [
                doc! { "closeConnection": true },
                doc! { "errorCode": 91 },
                doc! { "errorCode": 10107 },
            ];
            for how in hows.into_iter().cycle() {
                server.fail(&["insert", "findAndModify"], how).await;
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
        })
    };
    let mut writers = Vec::new();
    for worker in 0..4 {
        let server = Arc::clone(&server);
        writers.push(tokio::spawn(async move {
            let mut told = Vec::new();
            for id in (worker..WRITES).step_by(4) {
                let done = match id % 3 {
                    0 => server.insert(id).await,
                    1 => server.increment(id).await,
                    _ => server
                        .call()
                        .delete(&server.namespace, Bson::Int32(id), None)
                        .await
                        .map(drop),
                };
                let outcome =
                    done.map_or_else(|error| error.known_outcome(), |()| Outcome::Applied);
                told.push((id, outcome));
            }
            told
        }));
    }
    let mut told = Vec::new();
    for writer in writers {
        told.extend(writer.await.unwrap());
    }
    faults.abort();
    server.heal().await;
    let mut failed = 0;
    for (id, outcome) in told {
        let stored = server.collection().find_one(doc! { "_id": id }).await.unwrap();
        let n = stored.as_ref().map(|document| document.get_i32("n").unwrap());
        let (before, after) = match id % 3 {
            0 => (None, Some(0)),
            1 => (Some(0), Some(1)),
            _ => (Some(0), None),
        };
        match outcome {
            Outcome::Applied => assert_eq!(n, after, "{id} was told as applied"),
            Outcome::NotApplied => assert_eq!(n, before, "{id} was told as not applied"),
            Outcome::Unknown => assert!(n == before || n == after, "{id} has {n:?}"),
        }
        failed += u32::from(outcome != Outcome::Applied);
    }
    assert!(failed > 10, "only {failed} of them met a fault");
    server.client.close().await;
}
