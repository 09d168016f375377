//! A running operation, typed, and ending one.

use mongodb::bson::{Bson, Document, doc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::redact;
use super::running::RunningOperations;
use crate::backend::Warnings;
use crate::backend::mongodb::cap::Cap;
use crate::backend::mongodb::command::{Call, integer, trees};
use crate::backend::mongodb::driver::APP_NAME;
use crate::ejson::{self, Mode, json_of};
use crate::error::{Error, Result};
use crate::outcome::Outcome;

/// An operation that runs. What the server does not say of it is `null`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RunningOperation")]
pub struct Operation {
    /// Its number; with the shard's name before it in a sharded cluster: `"shard01:12345"`.
    opid: Option<OperationId>,
    /// `op`, `idleSession` or `idleCursor`.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// `query`, `insert`, `update`, `remove`, `getmore`, `command` or `none`.
    op: Option<String>,
    /// Database and collection: `db.coll`.
    ns: Option<String>,
    /// Whether it works, and is not idle.
    active: Option<bool>,
    /// For how long it has been running.
    seconds: Option<i64>,
    /// The same.
    microseconds: Option<i64>,
    /// The address it came from.
    client: Option<String>,
    /// What the client calls itself.
    app_name: Option<String>,
    /// `name@database`.
    users: Vec<String>,
    /// What it is in the server's words.
    desc: Option<String>,
    /// The server that runs it.
    host: Option<String>,
    /// The shard that runs it.
    shard: Option<String>,
    /// The command, without values unless they were asked for.
    #[schemars(with = "Option<ejson::ShownDocument>")]
    command: Option<Box<RawValue>>,
    /// For the next batch of a cursor: the command that opened it.
    #[schemars(with = "Option<ejson::ShownDocument>")]
    originating_command: Option<Box<RawValue>>,
    /// What its client wrote beside it.
    comment: Option<String>,
    /// How it finds its documents: `COLLSCAN`, `IXSCAN { a: 1 }`.
    plan_summary: Option<String>,
    /// What it does and how far it is.
    message: Option<String>,
    /// Steps of `total` that are done.
    done: Option<i64>,
    /// Steps there are, of an operation that counts them.
    total: Option<i64>,
    /// Whether another one keeps it from going on.
    waiting_for_lock: Option<bool>,
    /// It was asked to end, and goes on until it can be interrupted.
    kill_pending: bool,
    /// How often it let others go first.
    yields: Option<i64>,
    /// It was sent by this program: by this process or another of the same kind.
    own: bool,
    /// The request that sent it, where it is ours.
    request_id: Option<String>,
    /// It belongs to no client: the server runs it for itself.
    internal: bool,
}

/// The number of an operation.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum OperationId {
    Number(i64),
    OfShard(String),
}

/// Operations that run.
#[allow(clippy::struct_field_names)] // The names of the answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RunningOperations")]
pub struct Operations {
    /// The longest first.
    operations: Vec<Operation>,
    /// There are more.
    truncated: bool,
    /// That the connection's user may not see those of others.
    warnings: Warnings,
}

/// Which operations to show, and how.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// Also those that do nothing.
    pub idle: bool,
    /// Only those that run for at least so many seconds.
    pub seconds: Option<i64>,
    /// Only those on this database or collection.
    pub ns: Option<String>,
    /// With the values in their commands.
    pub values: bool,
    /// At most so much.
    pub cap: Cap,
}

/// What became of ending an operation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EndedOperation")]
pub struct Ending {
    /// What was to be ended.
    pub operation: Operation,
    /// Whether it was gone a moment later; an operation ends where it can be interrupted.
    pub ended: bool,
}

impl Call<'_> {
    /// The operations that run, the longest first.
    pub async fn operations(&self, watch: &Watch) -> Result<Operations> {
        let mut matching = doc! {};
        if let Some(seconds) = watch.seconds {
            matching.insert("secs_running", doc! { "$gte": seconds });
        }
        if let Some(ns) = &watch.ns {
            // A database stands for its collections.
            let below = doc! { "$gte": format!("{ns}."), "$lt": format!("{ns}/") };
            matching.insert("$or", vec![doc! { "ns": ns }, doc! { "ns": below }]);
        }
        let found = self.running(watch.idle, matching, watch.cap).await?;
        let listed = documents(&found)?;
        let mut warnings = Warnings::default();
        if let Some(error) = found.denied {
            warnings.add("operations", only_own(&error));
        }
        let operations = listed.iter().map(|running| Operation::of(running, watch.values));
        let operations = operations.collect::<Result<_>>()?;
        Ok(Operations { operations, truncated: found.more, warnings })
    }

    /// Ends an operation of a client.
    pub async fn end_operation(&self, opid: Bson) -> Result<Ending> {
        let found = self.running(false, doc! { "opid": opid.clone() }, Cap::default()).await?;
        let Some(running) = documents(&found)?.into_iter().find(|running| is(running, &opid))
        else {
            let missing = Error::not_found("there is no such operation any more");
            return Err(match &found.denied {
                Some(error) => missing.context(only_own(error).message()),
                None => missing,
            });
        };
        let operation = Operation::of(&running, false)?;
        if operation.internal {
            return Err(Error::not_allowed(
                "the server runs this operation for itself; ending it could stop it from working",
            ));
        }
        let command = doc! { "killOp": 1, "op": &opid, "comment": self.comment() };
        let admin = self.client.driver.database("admin");
        self.write(async { Ok(admin.run_command(command).await?) }).await?;
        let ended = self.is_gone(&opid, &running).await;
        Ok(Ending { operation, ended: ended.map_err(|error| error.outcome(Outcome::Applied))? })
    }

    /// Whether an operation ends soon. Another may have its number then.
    async fn is_gone(&self, opid: &Bson, before: &Document) -> Result<bool> {
        let since = |running: &Document| integer(running, "microsecs_running");
        for pause in [10, 40, 150] {
            tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            let found = self.running(false, doc! { "opid": opid.clone() }, Cap::default()).await?;
            let same = |running: &Document| {
                is(running, opid)
                    && running.get("desc") == before.get("desc")
                    && since(running) >= since(before)
            };
            if !documents(&found)?.iter().any(same) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn documents(running: &RunningOperations) -> Result<Vec<Document>> {
    trees(&running.operations, "an operation")
}

/// Whether an operation has this number, as whichever type the server gives it.
fn is(running: &Document, opid: &Bson) -> bool {
    let whole = |id: &Bson| id.as_i64().or_else(|| id.as_i32().map(i64::from));
    running
        .get("opid")
        .is_some_and(|id| id == opid || (whole(id).is_some() && whole(id) == whole(opid)))
}

fn only_own(error: &Error) -> Error {
    let message = format!("only operations of the connection's own user: {}", error.message());
    Error::new(error.code(), message)
}

impl Operation {
    fn of(running: &Document, values: bool) -> Result<Self> {
        let text = |name| running.get_str(name).ok().map(str::to_owned);
        let is = |name| running.get_bool(name).unwrap_or(false);
        let show = |command: &Document| {
            let shown = if values { redact::whole(command) } else { redact::shape(command) };
            json_of(&shown, Mode::Relaxed)
        };
        let command = running.get_document("command").ok();
        let origin = running.get_document("cursor").ok();
        let origin = origin.and_then(|cursor| cursor.get_document("originatingCommand").ok());
        let app_name = text("appName");
        let own = app_name.as_deref() == Some(APP_NAME);
        let comment = command.and_then(comment).or_else(|| origin.and_then(comment));
        let progress = running.get_document("progress").ok();
        let client = text("client").or_else(|| text("client_s"));
        let users = users(running);
        Ok(Self {
            opid: running.get("opid").map(opid),
            type_name: text("type"),
            op: text("op"),
            ns: text("ns"),
            active: running.get_bool("active").ok(),
            seconds: integer(running, "secs_running"),
            microseconds: integer(running, "microsecs_running"),
            internal: client.is_none() && users.is_empty(),
            client,
            app_name,
            users,
            desc: text("desc"),
            host: text("host"),
            shard: text("shard"),
            command: command.map(show).transpose()?,
            originating_command: origin.map(show).transpose()?,
            request_id: comment.filter(|_| own).and_then(request_id),
            comment: comment.map(str::to_owned),
            plan_summary: text("planSummary"),
            message: text("msg"),
            done: progress.and_then(|p| integer(p, "done")),
            total: progress.and_then(|p| integer(p, "total")),
            waiting_for_lock: running.get_bool("waitingForLock").ok(),
            kill_pending: is("killPending"),
            yields: integer(running, "numYields"),
            own,
        })
    }
}

fn opid(opid: &Bson) -> OperationId {
    match opid {
        Bson::String(opid) => OperationId::OfShard(opid.clone()),
        number => {
            let number = number.as_i64().or(number.as_i32().map(i64::from));
            OperationId::Number(number.unwrap_or(0))
        }
    }
}

fn users(running: &Document) -> Vec<String> {
    let listed = running.get_array("effectiveUsers").into_iter().flatten();
    let name = |user: &Bson| {
        let user = user.as_document()?;
        Some(format!("{}@{}", user.get_str("user").ok()?, user.get_str("db").ok()?))
    };
    listed.filter_map(name).collect()
}

fn comment(command: &Document) -> Option<&str> {
    command.get_str("comment").ok()
}

/// The id of the request in a comment of ours.
pub(crate) fn request_id(comment: &str) -> Option<String> {
    comment.rsplit_once('#').map(|(id, _)| id.to_owned())
}
