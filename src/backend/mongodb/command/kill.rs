//! Ending operations whose request was given up.
//!
//! When a call is dropped, the driver closes the connection it was using, and a server notices that
//! for most operations. This asks the server explicitly as well, by what marks the call in its
//! operations' `comment`; `maxTimeMS` is behind both.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use mongodb::ServerInfo;
use mongodb::bson::{Document, doc};
use mongodb::options::{SelectionCriteria, ServerAddress};
use tokio::sync::Semaphore;

use crate::backend::mongodb::driver::RunningCall;

/// How long finding and ending the operations may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How many requests are cleaned up at a time. When thousands are given up at once, the closed
/// connections must do for the others.
static CLEANERS: Semaphore = Semaphore::const_new(4);

/// Ends a call's operations on the server when it is dropped.
pub(super) struct KillOnDrop<'a> {
    driver: &'a mongodb::Client,
    mark: &'a str,
    running: &'a RunningCall,
    armed: bool,
}

impl<'a> KillOnDrop<'a> {
    pub(super) fn new(
        driver: &'a mongodb::Client,
        mark: &'a str,
        running: &'a RunningCall,
    ) -> Self {
        Self { driver, mark, running, armed: true }
    }

    /// The operations have ended by themselves.
    pub(super) fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for KillOnDrop<'_> {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let Some(server) = self.running.sent_to() else { return };
        let Ok(permit) = CLEANERS.try_acquire() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let driver = self.driver.clone();
        let mark = self.mark.to_owned();
        runtime.spawn(async move {
            let _permit = permit;
            // What can't be ended now, ends at its `maxTimeMS`.
            let _ = tokio::time::timeout(TIMEOUT, kill(&driver, server, &mark)).await;
        });
    }
}

/// Each server of a replica set knows of its own operations alone.
async fn kill(
    driver: &mongodb::Client,
    server: ServerAddress,
    mark: &str,
) -> mongodb::error::Result<()> {
    let is_it = move |found: &ServerInfo<'_>| found.address() == &server;
    let server = SelectionCriteria::Predicate(Arc::new(is_it));
    let admin = driver.database("admin");
    let running = admin
        .aggregate([
            doc! { "$currentOp": {} },
            doc! { "$match": { "command.comment": mark } },
            doc! { "$project": { "opid": 1 } },
        ])
        .max_time(TIMEOUT)
        .selection_criteria(server.clone())
        .await?;
    let found: Vec<Document> = running.try_collect().await?;
    for operation in found {
        if let Some(id) = operation.get("opid") {
            let kill = doc! { "killOp": 1, "op": id.clone() };
            admin.run_command(kill).selection_criteria(server.clone()).await?;
        }
    }
    Ok(())
}
