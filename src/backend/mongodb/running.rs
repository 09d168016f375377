//! What a server does at this moment, and ending it.

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};

use super::call::Call;
use super::define::is_unknown_command;
use super::error::server_code;
use crate::error::{Code, Error, Result};

/// Operations that run.
#[derive(Debug)]
pub(super) struct Running {
    /// As the server tells of them.
    pub(super) operations: Vec<RawDocumentBuf>,
    /// Why they are only those of the connection's own user.
    pub(super) denied: Option<Error>,
}

impl Call<'_> {
    /// The operations that run and match, the first `most` of them; without the one that asks.
    pub(super) async fn running(
        &self,
        idle: bool,
        matching: Document,
        most: usize,
    ) -> Result<Running> {
        let denied = match self.current_op(true, idle, &matching, most).await {
            Err(error) if may_see_less(&error) => Some(error),
            answer => return Ok(Running { operations: answer?, denied: None }),
        };
        let operations = match self.current_op(false, idle, &matching, most).await {
            Err(error) if may_see_less(&error) => self.current_op_command(idle, matching).await?,
            answer => answer?,
        };
        Ok(Running { operations, denied })
    }

    async fn current_op(
        &self,
        everyone: bool,
        idle: bool,
        matching: &Document,
        most: usize,
    ) -> Result<Vec<RawDocumentBuf>> {
        let source = doc! {
            "allUsers": everyone,
            "idleConnections": idle,
            "idleSessions": idle,
        };
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let pipeline = [
            doc! { "$currentOp": source },
            doc! { "$match": { "$and": [{ "command.comment": { "$ne": self.comment() } }, matching] } },
            doc! { "$limit": limit },
        ];
        let command = doc! { "aggregate": 1, "pipeline": pipeline.to_vec(), "cursor": {} };
        self.documents("admin", command, most).await
    }

    /// The older form, which some services have alone.
    async fn current_op_command(
        &self,
        idle: bool,
        matching: Document,
    ) -> Result<Vec<RawDocumentBuf>> {
        let mut command = doc! { "currentOp": 1, "$ownOps": true, "$all": idle };
        command.extend(matching);
        let answer = self.command("admin", command).await?;
        let running = answer.get_array("inprog").cloned().unwrap_or_default();
        let raw = |operation: &Bson| RawDocumentBuf::try_from(operation.as_document()?).ok();
        Ok(running.iter().filter_map(raw).collect())
    }
}

/// Whether asking for less may be answered: the user has no `inprog` privilege, or the service has no
/// such stage.
fn may_see_less(error: &Error) -> bool {
    error.code() == Code::PermissionDenied
        || is_unknown_command(error)
        || server_code(error) == Some(40324)
}
