//! What was true when a subscription was opened must stay true while it is open.

use std::time::Duration;

use super::ending::Ending;
use crate::api::context::Context;
use crate::error::{Code, Error};

/// Roles are read again this often; a change of the connection is told at once.
const RECHECK: Duration = Duration::from_secs(10);

/// Waits until the process shuts down, or the subscription is no longer the user's to have.
pub(super) async fn watch(cx: &Context) -> Ending {
    let closing = cx.running.closing();
    let mut changes = cx.service.registry.changes();
    loop {
        tokio::select! {
            () = closing.cancelled() => return Ending::Away,
            () = tokio::time::sleep(RECHECK) => {}
            told = changes.changed() => if told.is_err() { return Ending::Away },
        }
        if let Some(ending) = lost(cx).await {
            return ending;
        }
    }
}

/// Why the subscription has to end, if it has to.
async fn lost(cx: &Context) -> Option<Ending> {
    let connection = cx.connection.as_ref().filter(|connection| !connection.is_direct())?;
    let registry = &cx.service.registry;
    match registry.connection(connection.id, false).await {
        Ok(now) if now.version != connection.version => return Some(Ending::Changed),
        Err(error) if error.code() == Code::DbNotFound => {
            let message = "the database connection was removed";
            return Some(Ending::Failed(Error::not_found(message)));
        }
        // The platform database is down: what was true is taken to be true still.
        Ok(_) | Err(_) => {}
    }
    let user = cx.user.as_ref();
    let granted = cx.service.access.granted(user, connection.project_id, Some(connection.id)).await;
    let refused = match granted {
        Ok(granted) => granted.require(cx.operation.permission).err(),
        Err(error) => (error.code() == Code::DbNotFound).then(|| {
            Error::new(Code::PermissionDenied, "you no longer have access to this connection")
        }),
    };
    refused.map(Ending::Failed)
}
