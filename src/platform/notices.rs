//! Changes made by other instances, as they happen: `LISTEN studio_multidb`.
//!
//! One connection of its own listens for as long as somebody wants to know. Whenever it had to be
//! made anew, notices may have been missed.

use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_postgres::AsyncMessage;
use tokio_util::task::AbortOnDropHandle;

use super::dashboard::Dashboard;
use super::pool::Platform;
use crate::error::{Code, Error, Result};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Who wants to know.
pub(crate) trait Listener: Send + Sync + 'static {
    /// Something changed; the payload is what the trigger that told of it sent.
    fn heard(&self, payload: &str) -> impl Future<Output = ()> + Send;

    /// Notices may have been missed.
    fn doubt(&self);
}

/// Listens until the listener is dropped, or the handle.
pub(crate) fn listen(
    platform: Weak<Platform>,
    listener: Weak<impl Listener>,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut pause = FIRST_PAUSE;
        while let (Some(platform), Some(listener)) = (platform.upgrade(), listener.upgrade()) {
            let mut heard = false;
            let ended = follow(&platform, &*listener, &mut heard).await;
            drop((platform, listener));
            pause = if heard { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            if let Err(error) = ended {
                tracing::debug!(%error, "not listening for changes of connections");
            }
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        }
    }))
}

/// Follows one connection until it ends.
async fn follow(
    platform: &Arc<Platform>,
    listener: &impl Listener,
    heard: &mut bool,
) -> Result<()> {
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
        listener.doubt();
        let mut dashboard = Dashboard::new();
        loop {
            tokio::select! {
                notice = notices.recv() => {
                    listener.heard(notice.ok_or_else(lost)?.payload()).await;
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

async fn answered(
    statement: impl Future<Output = Result<(), tokio_postgres::Error>>,
) -> Result<()> {
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, statement).await;
    answer.ok().and_then(Result::ok).ok_or_else(lost)
}

fn lost() -> Error {
    Error::new(Code::DbConnectionFailed, "the listening connection to the platform database ended")
}
