//! `/{type}/{scope}/connections`: the registry of one project and type.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::databases::register;
use super::input::{CreateInput, page_size};
use crate::error::{Error, Result};
use crate::registry::Connection;
use crate::request::context::Context;
use crate::request::operation::Subject;
use crate::request::reply::Reply;
use crate::target::DatabaseType;

/// Which part of the list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectionsListInput {
    /// At most this many, 1 to 1000; 100 when not given.
    limit: Option<u32>,
    /// The `cursor` that the page before answered with.
    #[schemars(with = "Option<String>")]
    cursor: Option<uuid::Uuid>,
}

/// One page of a project's connections of one type.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProjectConnections {
    /// The primary first, then in order of registration.
    connections: Vec<Arc<Connection>>,
    /// Where the next page begins; `null` on the last.
    cursor: Option<String>,
}

/// A project has few connections of a type, and all of them are read together; the cursor is the id of
/// the last one shown.
pub(super) async fn list(
    cx: &Context,
    input: ConnectionsListInput,
) -> Result<Reply<ProjectConnections>> {
    let kind = kind(cx)?;
    let limit = usize::try_from(page_size(input.limit)?).unwrap_or(usize::MAX);
    let registry = &cx.service.registry;
    registry.require_enabled(kind)?;
    let connections = registry.connections_of(cx.project()?, cx.fresh).await?;
    let mut rest: Vec<_> = connections.into_iter().filter(|c| c.database_type == kind).collect();
    if let Some(last) = input.cursor {
        let at = rest.iter().position(|c| c.id == last).ok_or_else(|| {
            Error::validation(
                "`cursor` is not of this list, or its connection is gone; begin again",
            )
        })?;
        rest.drain(..=at);
    }
    let more = rest.len() > limit;
    rest.truncate(limit);
    let cursor = rest.last().filter(|_| more).map(|last| last.id.to_string());
    Reply::of(&ProjectConnections { connections: rest, cursor })
}

pub(super) async fn create(cx: &Context, input: CreateInput) -> Result<Reply<Connection>> {
    let (project, kind) = (cx.project()?, kind(cx)?);
    if input.database_type.is_some_and(|given| given != kind) {
        return Err(Error::validation(format!(
            "this path registers {} connections; `type` says otherwise",
            kind.display_name()
        )));
    }
    if let Some(named) = &input.project_ref
        && *named != project.project_ref
        && *named != project.id.to_string()
    {
        return Err(Error::validation("`project_ref` is not the project that the path names"));
    }
    register(cx, project, kind, input).await
}

/// The type that the operation's path names.
fn kind(cx: &Context) -> Result<DatabaseType> {
    match cx.operation.subject {
        Subject::Project(kind) => Ok(kind),
        _ => Err(Error::internal("the operation is not about connections of one type")),
    }
}
