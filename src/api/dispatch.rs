//! What happens around every operation, whichever door it came through: the subject is resolved,
//! the user is authorized, the work has a deadline, and how it ended is noted.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;

use super::operation::{Operation, Permission, Subject};
use super::params::Params;
use super::reply::Reply;
use crate::access::{User, require};
use crate::context::Context;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::registry::{Address, Connection, Project};
use crate::service::Service;
use crate::target::DatabaseType;

/// Who asks.
#[derive(Debug)]
pub struct Caller {
    /// The authenticated user, where there is one.
    pub user: Option<User>,
    /// Identifies the request everywhere.
    pub request_id: Arc<str>,
    /// Cached answers and metadata are not good enough.
    pub fresh: bool,
}

/// Runs an operation.
pub async fn execute(
    service: &Arc<Service>,
    operation: &'static Operation,
    mut params: Params,
    caller: Caller,
) -> Result<Reply> {
    let started = Instant::now();
    let request_id = Arc::clone(&caller.request_id);
    // A panic is a defect of ours. It must reach neither Node as an abort nor the user as text.
    let result = AssertUnwindSafe(run(service, operation, &mut params, caller))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            Err(Error::internal("an internal error occurred; the log has the place")
                .outcome(Outcome::Unknown))
        });
    note(operation, &request_id, started, &result);
    result
}

async fn run(
    service: &Arc<Service>,
    operation: &'static Operation,
    params: &mut Params,
    caller: Caller,
) -> Result<Reply> {
    let deadline = Deadline::after(service.config.request_timeout);
    let subject = resolve(service, operation, params, &caller).await?;
    let granted = authorize(service, operation, &subject, caller.user.as_ref()).await?;
    require(granted, operation.permission)?;
    let (connection, project) = match subject {
        Resolved::Connection(connection) => (Some(connection), None),
        Resolved::Project(project) => (None, Some(project)),
        Resolved::Nothing => (None, None),
    };
    let cx = Context {
        service: Arc::clone(service),
        user: caller.user,
        request_id: caller.request_id,
        deadline,
        granted,
        fresh: caller.fresh,
        connection,
        project,
    };
    let params = std::mem::take(params);
    let cached = service.answers.key(operation, &cx, &params);
    if let Some(reply) = cached.as_ref().and_then(|key| service.answers.get(key)) {
        return Ok(reply);
    }
    let result = (operation.run)(&cx, params).await;
    observe(service, operation, &cx, &result);
    if let (Some(key), Ok(reply)) = (cached, &result) {
        service.answers.put(operation, key, reply);
    }
    result
}

enum Resolved {
    Connection(Arc<Connection>),
    Project(Arc<Project>),
    Nothing,
}

async fn resolve(
    service: &Service,
    operation: &Operation,
    params: &mut Params,
    caller: &Caller,
) -> Result<Resolved> {
    let registry = &service.registry;
    match operation.subject {
        Subject::Connection(database_type) => {
            let scope = take(params, "scope")?;
            let id = take_id(params, "connection_id")?;
            let identifier = params.take_text("identifier");
            let address = Address {
                scope: &scope,
                database_type,
                connection_id: id,
                identifier: identifier.as_deref(),
                fresh: caller.fresh,
            };
            let user = caller.user.as_ref();
            let (connection, _) = service.access.resolve(registry, user, &address).await?;
            Ok(Resolved::Connection(connection))
        }
        Subject::Entry => {
            let id = take_id(params, "id")?.ok_or_else(|| missing("id"))?;
            match params.take_text("scope").zip(type_of(operation)) {
                Some((scope, database_type)) => {
                    registry.resolve(&scope, database_type, Some(id), None, caller.fresh).await
                }
                None => registry.connection(id, caller.fresh).await,
            }
            .map(Resolved::Connection)
        }
        Subject::Project(_) => {
            registry.project(&take(params, "scope")?).await.map(Resolved::Project)
        }
        Subject::Registry | Subject::Service | Subject::Public => Ok(Resolved::Nothing),
    }
}

/// The type that the first segment of the path names.
fn type_of(operation: &Operation) -> Option<DatabaseType> {
    match operation.path.split('/').nth(1)? {
        "redis" => Some(DatabaseType::Redis),
        "mongodb" => Some(DatabaseType::Mongodb),
        "postgres" => Some(DatabaseType::Postgres),
        "bun" => Some(DatabaseType::BunApi),
        _ => None,
    }
}

fn take(params: &mut Params, name: &str) -> Result<String> {
    params.take_text(name).ok_or_else(|| missing(name))
}

fn take_id(params: &mut Params, name: &str) -> Result<Option<uuid::Uuid>> {
    let parse = |text: String| {
        text.parse().map_err(|_| Error::validation(format!("`{name}` must be a UUID")))
    };
    params.take_text(name).map(parse).transpose()
}

fn missing(name: &str) -> Error {
    Error::validation(format!("`{name}` is required"))
}

async fn authorize(
    service: &Service,
    operation: &Operation,
    subject: &Resolved,
    user: Option<&User>,
) -> Result<Permission> {
    let access = &service.access;
    match (subject, operation.subject) {
        (Resolved::Connection(connection), _) => {
            access.granted(user, connection.project_id, Some(connection.id)).await
        }
        (Resolved::Project(project), _) => access.granted(user, project.id, None).await,
        (Resolved::Nothing, Subject::Public) => Ok(operation.permission),
        (Resolved::Nothing, Subject::Service) => access.granted_anywhere(user).await,
        // Such an operation checks each project it touches.
        (Resolved::Nothing, _) => access.known(user).map(|()| operation.permission),
    }
}

/// Feeds the circuit of the connection's client, and forgets cached answers after a change.
fn observe(service: &Service, operation: &Operation, cx: &Context, result: &Result<Reply>) {
    let Some(connection) = &cx.connection else { return };
    if matches!(operation.subject, Subject::Connection(_)) {
        service.pools.observe(&connection.pool_key(), result.as_ref().err());
    }
    if !operation.is_get() {
        service.answers.forget(connection.id);
    }
}

fn note(operation: &Operation, request_id: &str, started: Instant, result: &Result<Reply>) {
    let (operation, ms) = (operation.name, started.elapsed().as_secs_f64() * 1000.0);
    let Err(error) = result else {
        tracing::debug!(operation, request_id, ms, "done");
        return;
    };
    let (code, outcome) = (error.code().as_str(), error.known_outcome().as_str());
    // Messages about user data stay out of the log; a defect of ours must be told.
    if error.code() == Code::InternalError {
        tracing::error!(operation, request_id, ms, code, outcome, message = error.message());
    } else {
        tracing::info!(operation, request_id, ms, code, outcome, "failed");
    }
}
