//! What a server does at this moment, and ending it.

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};

use crate::backend::mongodb::cap::Cap;
use crate::backend::mongodb::command::{Call, Found, is_unknown_command, server_code};
use crate::error::{Code, Error, Result};

/// Operations that run.
#[derive(Debug)]
pub(crate) struct RunningOperations {
    /// As the server tells of them.
    pub(crate) operations: Vec<RawDocumentBuf>,
    /// There are more.
    pub(crate) more: bool,
    /// Why they are only those of the connection's own user.
    pub(crate) denied: Option<Error>,
}

impl Call<'_> {
    /// The operations that run and match, the longest first; without the one that asks.
    pub(crate) async fn running(
        &self,
        idle: bool,
        matching: Document,
        cap: Cap,
    ) -> Result<RunningOperations> {
        let denied = match self.current_op(true, idle, &matching, cap).await {
            Err(error) if may_see_less(&error) => Some(error),
            answer => return Ok(RunningOperations { denied: None, ..answer? }),
        };
        match self.current_op(false, idle, &matching, cap).await {
            Err(error) if may_see_less(&error) => {
                let operations = self.current_op_command(idle, matching).await?;
                Ok(RunningOperations { operations, more: false, denied })
            }
            answer => Ok(RunningOperations { denied, ..answer? }),
        }
    }

    async fn current_op(
        &self,
        everyone: bool,
        idle: bool,
        matching: &Document,
        cap: Cap,
    ) -> Result<RunningOperations> {
        let source = doc! {
            "allUsers": everyone,
            "idleConnections": idle,
            "idleSessions": idle,
        };
        let pipeline = [
            doc! { "$currentOp": source },
            doc! { "$match": { "$and": [{ "command.comment": { "$ne": self.comment() } }, matching] } },
            doc! { "$sort": { "microsecs_running": -1 } },
            doc! { "$limit": i64::from(cap.documents) + 1 },
        ];
        let command = doc! { "aggregate": 1, "pipeline": pipeline.to_vec(), "cursor": {} };
        let Found { documents, more } = self.found("admin", command, cap).await?;
        Ok(RunningOperations { operations: documents, more, denied: None })
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
