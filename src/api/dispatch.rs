//! What happens around every operation, whichever door it came through: the subject is resolved,
//! the user is authorized, the work has a deadline, and how it ended is noted.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::access::User;
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::permission::Permission;
use crate::registry::direct::Direct;
use crate::registry::{Address, Connection, Project};
use crate::request::checked;
use crate::request::context::{Accept, Context};
use crate::request::effect::Known;
use crate::request::ended::{Unended, note, observe, panicked};
use crate::request::limit;
use crate::request::operation::{Operation, Subject};
use crate::request::params::Params;
use crate::request::reply::{Body, Reply};
use crate::request::upload::Upload;
use crate::service::answers::AnswerKey;
use crate::service::{Core, Service};

/// How long after its deadline an operation that has not ended by itself is ended.
const GRACE: Duration = Duration::from_millis(250);

/// Who asks.
#[derive(Debug)]
pub struct Caller {
    /// The authenticated user, where there is one.
    pub user: Option<User>,
    /// Identifies the request everywhere.
    pub request_id: Arc<str>,
    /// Cached answers and metadata are not good enough.
    pub fresh: bool,
    /// A target outside the registry. Only the operator's own code can pass one.
    pub direct: Option<Direct>,
    /// It is the operator's own code, or has shown the operator's token.
    pub is_operator: bool,
    /// What kind of answer it can read.
    pub accept: Accept,
    /// The body, where the operation reads it while it arrives.
    pub upload: Option<Upload>,
}

impl Caller {
    /// Code of this process, which acts for a user or, as the operator's own, for none. A blank user is
    /// nobody, and not the operator.
    pub fn in_process(user: Option<String>) -> Self {
        Self {
            is_operator: user.is_none(),
            user: user.and_then(User::named),
            request_id: Uuid::new_v4().to_string().into(),
            fresh: false,
            direct: None,
            accept: Accept::Json,
            upload: None,
        }
    }
}

/// Runs an operation.
pub async fn execute(
    service: &Arc<Service>,
    operation: &'static Operation,
    mut params: Params,
    mut caller: Caller,
) -> Result<Reply> {
    let started = Instant::now();
    let request_id = Arc::clone(&caller.request_id);
    // Limits, seats, shares and jobs know a user by one name, however it was spelt.
    caller.user = caller.user.map(User::canonical);
    let effect = Arc::new(Known::of(operation.effect));
    // A panic is a defect of ours. It must reach neither Node as an abort nor the user as text.
    // Boxed: with everything below it inlined, the future would be moved around by the kilobyte.
    // As `dyn`: the types of all that is below it, one in another, are more than the compiler follows.
    let work: BoxFuture<'_, _> = Box::pin(run(service, operation, &mut params, caller, &effect));
    let result = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(panicked()));
    let result = result.map_err(|error| effect.settle(error));
    let result = checked::answer(operation, result);
    // A stream notes its end itself.
    if !matches!(&result, Ok(Reply { body: Body::Stream(_), .. })) {
        note(operation, &request_id, started, result.as_ref().err());
    }
    result
}

async fn run(
    service: &Arc<Service>,
    operation: &'static Operation,
    params: &mut Params,
    caller: Caller,
    effect: &Arc<Known>,
) -> Result<Reply> {
    let running = service.intake.enter()?;
    let deadline = Deadline::after(service.config.request_timeout);
    let admission =
        Box::pin(limit::admit(service, operation.effect, operation.cost, caller.user.as_ref()))
            .await?;
    let admitted = deadline.run(Box::pin(admit(service, operation, params, &caller))).await;
    let (connection, project, granted) = admitted.unwrap_or_else(|| {
        Err(Error::timeout("looking the connection up took too long", Outcome::NotApplied))
    })?;
    granted.require(operation.permission)?;
    let cx = Context {
        service: Arc::clone(service),
        user: caller.user,
        request_id: caller.request_id,
        deadline,
        began: Instant::now(),
        granted,
        operation,
        fresh: caller.fresh,
        accept: caller.accept,
        effect: Arc::clone(effect),
        admission: Arc::new(admission),
        share: Arc::default(),
        running: Arc::new(running),
        upload: Arc::new(Mutex::new(caller.upload)),
        job: None,
        connection,
        project,
    };
    let params = std::mem::take(params);
    let key = answer_key(operation, &cx, &params);
    if let Some(body) = key.as_ref().and_then(|key| service.answers.get(key)) {
        return Ok(Reply::whole(body));
    }
    // Operations end by their deadline and say how. This holds for what does not, such as the
    // registry's work on a platform database that fell silent.
    let backstop = Deadline::after(deadline.remaining() + GRACE);
    let unended = Unended::new(&cx);
    let ended = backstop.run(cx.on_its_behalf((operation.run)(&cx, params))).await;
    let result = ended.unwrap_or_else(|| Err(not_ended(operation, effect)));
    observe(&cx, result.as_ref().err());
    unended.ended();
    if let (Some(key), Some(time)) = (key, operation.cache)
        && let Ok(Reply { status: 200, body: Body::Whole(body), .. }) = &result
    {
        service.answers.put(key, body.clone(), time);
    }
    result
}

/// What the answer may be kept under, if it may be kept at all.
fn answer_key(operation: &Operation, cx: &Context, params: &Params) -> Option<AnswerKey> {
    let connection = cx.connection.as_ref().filter(|_| operation.cache.is_some() && !cx.fresh)?;
    let version = (connection.id, connection.version);
    Some(cx.service.answers.key(operation.name, version, cx.granted, params.fingerprint()))
}

fn not_ended(operation: &Operation, effect: &Known) -> Error {
    let who = match operation.subject {
        Subject::Connection(_) => "the operation",
        _ => "what needs the platform database",
    };
    Error::timeout(format!("{who} did not end in time"), effect.lost())
}

/// What an operation is about, and what the user may do with it.
type Subjects = (Option<Arc<Connection>>, Option<Arc<Project>>, Permission);

/// Finds what the operation is about, and what the user may do with it. Nothing is told of a
/// connection before the user's part in its project is established.
async fn admit(
    service: &Service,
    operation: &Operation,
    params: &mut Params,
    caller: &Caller,
) -> Result<Subjects> {
    let Core { registry, access, .. } = &**service;
    let (user, fresh) = (caller.user.as_ref(), caller.fresh);
    // Asked first: to somebody unknown, what exists and what does not must look the same.
    if !matches!(operation.subject, Subject::Public | Subject::Operator) && caller.direct.is_none()
    {
        access.known(user)?;
    }
    match operation.subject {
        Subject::Connection(database_type) => {
            if let Some(direct) = &caller.direct {
                let connection = direct.connection(&service.config, registry, database_type)?;
                return Ok((Some(connection), None, Permission::Admin));
            }
            let scope = take(params, "scope")?;
            let connection_id = take_id(params, "connection_id")?;
            let identifier = params.take_text("identifier")?;
            let identifier = identifier.as_deref();
            let address =
                Address { scope: &scope, database_type, connection_id, identifier, fresh };
            let (connection, granted) = access.resolve(registry, user, &address).await?;
            Ok((Some(connection), None, granted))
        }
        Subject::Entry => {
            let id = take_id(params, "id")?.ok_or_else(|| missing("id"))?;
            let (connection, granted) = access.connection(registry, user, id, fresh).await?;
            Ok((Some(connection), None, granted))
        }
        Subject::Member(database_type) => {
            let scope = take(params, "scope")?;
            let connection_id = Some(take_id(params, "id")?.ok_or_else(|| missing("id"))?);
            let address =
                Address { scope: &scope, database_type, connection_id, identifier: None, fresh };
            let (connection, granted) = access.resolve(registry, user, &address).await?;
            Ok((Some(connection), None, granted))
        }
        Subject::Project(_) => {
            let scope = take(params, "scope")?;
            let (project, granted) = access.project(registry, user, &scope).await?;
            Ok((None, Some(project), granted))
        }
        Subject::Operator if caller.is_operator => Ok((None, None, Permission::Admin)),
        Subject::Operator => Err(not_the_operator(service)),
        // Such an operation checks each project it touches.
        Subject::Registry | Subject::Public => Ok((None, None, operation.permission)),
    }
}

fn not_the_operator(service: &Service) -> Error {
    match service.config.metrics_token {
        Some(_) => Error::new(
            Code::Unauthenticated,
            "this is for the operator: send `Authorization: Bearer` with MULTIDB_METRICS_TOKEN",
        ),
        None => Error::not_allowed(
            "this is for the operator, who sets MULTIDB_METRICS_TOKEN to read it",
        ),
    }
}

fn take(params: &mut Params, name: &str) -> Result<String> {
    params.take_text(name)?.ok_or_else(|| missing(name))
}

fn take_id(params: &mut Params, name: &str) -> Result<Option<Uuid>> {
    let parse = |text: String| {
        text.parse().map_err(|_| Error::validation(format!("`{name}` must be a UUID")))
    };
    params.take_text(name)?.map(parse).transpose()
}

fn missing(name: &str) -> Error {
    Error::validation(format!("`{name}` is required"))
}
