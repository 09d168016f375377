//! Changes made by other instances, as they happen: `LISTEN studio_multidb`.
//!
//! One connection of its own listens for as long as the registry lives. Whenever it had to be made
//! anew, notices may have been missed, and nothing that is cached is believed before it was read
//! again.

use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_postgres::AsyncMessage;
use uuid::Uuid;

use super::Caches;
use super::dashboard::Dashboard;
use super::platform::Platform;
use crate::error::{Code, Error, Result};

/// Sessions of the pool that were unused for longer are closed; this task is the one that wakes.
const IDLE: Duration = Duration::from_secs(5 * 60);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The payload that the trigger of `platform.database_connections` sends.
#[derive(Debug, Deserialize)]
struct Notice {
    id: Uuid,
    project_id: Uuid,
    #[serde(default)]
    op: String,
}

/// Listens until the registry is dropped or the task is aborted.
pub(super) fn listen(platform: Weak<Platform>, caches: Weak<Caches>) -> AbortHandle {
    let task = tokio::spawn(async move {
        let mut pause = FIRST_PAUSE;
        while let (Some(platform), Some(caches)) = (platform.upgrade(), caches.upgrade()) {
            let mut heard = false;
            let ended = follow(&platform, &caches, &mut heard).await;
            platform.sweep(IDLE);
            drop((platform, caches));
            pause = if heard { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            if let Err(error) = ended {
                tracing::debug!(%error, "not listening for changes of connections");
            }
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        }
    });
    task.abort_handle()
}

/// Follows one connection until it ends.
async fn follow(platform: &Arc<Platform>, caches: &Caches, heard: &mut bool) -> Result<()> {
    let (client, mut connection) = platform.dial().await?;
    let (forward, mut notices) = mpsc::unbounded_channel();
    let drive = async {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(notice) = message {
                let _ = forward.send(notice);
            }
        }
        Err(lost())
    };
    let follow = async {
        answered(client.batch_execute("LISTEN studio_multidb")).await?;
        *heard = true;
        caches.doubt_all();
        let mut dashboard = Dashboard::new();
        loop {
            platform.sweep(IDLE);
            tokio::select! {
                notice = notices.recv() => {
                    heed(caches, notice.ok_or_else(lost)?.payload()).await;
                    dashboard.changed();
                }
                // Also shows whether a connection on which nothing comes still lives.
                () = dashboard.due() => answered(dashboard.refresh(&client, platform)).await?,
            }
        }
    };
    tokio::select! {
        ended = drive => ended,
        ended = follow => ended,
    }
}

async fn heed(caches: &Caches, payload: &str) {
    match serde_json::from_str::<Notice>(payload) {
        Ok(Notice { id, project_id, op }) => {
            caches.changed(id, project_id).await;
            if op == "delete" {
                caches.removed(id);
            }
        }
        // Somebody's own notice on our channel: better read too much than too little.
        Err(_) => caches.forget_all(),
    }
}

async fn answered(
    statement: impl Future<Output = Result<(), tokio_postgres::Error>>,
) -> Result<()> {
    match tokio::time::timeout(ANSWER_TIMEOUT, statement).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(lost()),
    }
}

fn lost() -> Error {
    Error::new(Code::DbConnectionFailed, "the listening connection to the platform database ended")
}
