//! Trying connections, saved and unsaved.

use std::time::Duration;

use super::input::TestInput;
use crate::backend::{TestResult, test_connection};
use crate::error::{Code, Error, Result};
use crate::permission::Permission;
use crate::registry::Connection;
use crate::request::context::Context;
use crate::request::params::Nothing;
use crate::request::reply::Reply;
use crate::target::{Endpoint, Target};

pub(super) async fn saved(cx: &Context, _: Nothing) -> Result<Reply<TestResult>> {
    Reply::of(&try_saved(cx, cx.connection()?).await?)
}

pub(super) async fn try_saved(cx: &Context, connection: &Connection) -> Result<TestResult> {
    let registry = &cx.service.registry;
    let target = registry.target(connection).await?;
    let options = cx.service.connect_options(connection);
    let result = test_connection(&target, &options, cx.deadline).await;
    registry.record_test(connection, result.error.as_deref()).await;
    Ok(result)
}

/// Tries a target that is not saved, or a saved one with changes that are not.
pub(super) async fn unsaved(cx: &Context, input: TestInput) -> Result<Reply<TestResult>> {
    input.unknown.refuse()?;
    let (registry, access, user) = (&cx.service.registry, &cx.service.access, cx.user.as_ref());
    let target = if let Some(id) = input.connection_id {
        let (connection, granted) = access.connection(registry, user, id, true).await?;
        granted.require(Permission::Admin)?;
        registry.require_editable(&connection)?;
        registry.target(&connection).await?.edited(&input.target, registry.rules())?
    } else {
        let granted = match &input.project_ref {
            Some(project) => access.project(registry, user, project).await?.1,
            None => access.granted_anywhere(user).await?,
        };
        granted.require(Permission::Admin)?;
        let database_type =
            input.database_type.ok_or_else(|| Error::validation("`type` is required"))?;
        registry.require_enabled(database_type)?;
        Target::parse(database_type, &input.target, registry.rules())?
    };
    let options = cx.service.trial_options(target.database_type());
    Reply::of(&test_connection(&target, &options, cx.deadline).await)
}

/// How long names are looked up for at most, before a target is saved.
const LOOK_UP: Duration = Duration::from_secs(3);

/// Refuses a target that this installation would not connect to. Every door that saves one asks, new
/// or changed, tried or not. A name that can't be looked up now may be one day; connecting asks again.
pub(super) async fn require_admissible(cx: &Context, target: &Target) -> Result<()> {
    let options = cx.service.trial_options(target.database_type());
    let deadline = cx.deadline.or_after(LOOK_UP);
    for Endpoint { host, port } in target.endpoints() {
        match options.egress.resolve(&host, port, deadline).await {
            Err(error) if error.code() == Code::HostNotAllowed => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Fails with what the test found, so that a target that does not work is not saved unasked.
pub(super) async fn require_success(cx: &Context, target: &Target) -> Result<()> {
    let options = cx.service.trial_options(target.database_type());
    let result = test_connection(target, &options, cx.deadline).await;
    let Some(why) = &result.error else { return Ok(()) };
    let code = result.code.unwrap_or(Code::DbConnectionFailed);
    let message = format!(
        "the connection was tried and does not work, so it was not saved (`skip_test` saves it all \
         the same): {why}"
    );
    let result = serde_json::to_value(&result).unwrap_or_default();
    Err(Error::new(code, message).detail("test", result))
}
