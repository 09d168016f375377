//! What was true when an answer began must stay true while it goes on: of a subscription, and of a
//! stream.

use std::future::pending;
use std::time::Duration;

use super::context::Context;
use crate::error::{Code, Error};
use crate::permission::Permission;

/// Roles are read again this often; a change of the connection is told at once.
const RECHECK: Duration = Duration::from_secs(10);

/// Why an answer has to end.
pub(super) enum Lost {
    /// The connection was changed: what is open belongs to the old one.
    Changed,
    /// It is no longer the user's to have.
    Refused(Error),
}

/// Waits until the connection is changed, or lost to the user.
pub(super) async fn lost(cx: &Context) -> Lost {
    let mut changes = cx.service.registry.changes();
    loop {
        tokio::select! {
            () = tokio::time::sleep(RECHECK) => {}
            told = changes.changed() => if told.is_err() { return pending().await },
        }
        if let Some(lost) = look(cx).await {
            return lost;
        }
    }
}

/// Waits until the user may not have the answer any more. What runs goes on on the connection that it
/// began with, however that is changed.
pub(super) async fn refused(cx: &Context) -> Error {
    if cx.user.is_none() || cx.connection.is_none() {
        return pending().await;
    }
    loop {
        if let Lost::Refused(error) = lost(cx).await {
            return error;
        }
    }
}

/// Why the answer has to end, if it has to.
async fn look(cx: &Context) -> Option<Lost> {
    let connection = cx.connection.as_ref().filter(|connection| !connection.is_direct())?;
    let now = cx.service.registry.connection(connection.id, false).await;
    if now.as_ref().is_err_and(|error| error.code() == Code::DbNotFound) {
        let message = "the database connection was removed";
        return Some(Lost::Refused(Error::not_found(message)));
    }
    let user = cx.user.as_ref();
    let granted = cx.service.access.granted(user, connection.project.id, Some(connection.id)).await;
    let refused = match granted {
        Ok(granted) => {
            let written = if cx.writes() { Permission::Write } else { Permission::Read };
            granted.require(cx.operation.permission.max(written)).err()
        }
        Err(error) => (error.code() == Code::DbNotFound).then(|| {
            Error::new(Code::PermissionDenied, "you no longer have access to this connection")
        }),
    };
    // Where the platform database is down, what was true is taken to be true still.
    let changed = now.is_ok_and(|now| now.version != connection.version);
    refused.map(Lost::Refused).or_else(|| changed.then_some(Lost::Changed))
}
