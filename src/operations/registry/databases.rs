//! `/databases`: the registry across types and projects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::{CreateInput, UpdateInput, page_size};
use super::trial;
use crate::error::{Error, Result};
use crate::permission::Permission;
use crate::registry::{
    Changes, Connection, ConnectionPage, Filter, NewConnection, PageRequest, Project, Status,
};
use crate::request::context::Context;
use crate::request::params::Nothing;
use crate::request::reply::Reply;
use crate::target::{DatabaseType, Target};

/// Which connections to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabasesListInput {
    /// Of the project with this `ref` only.
    #[serde(alias = "projectRef")]
    project_ref: Option<String>,
    /// Of this type only.
    #[serde(alias = "type", alias = "databaseType")]
    database_type: Option<DatabaseType>,
    /// In this state only.
    status: Option<Status>,
    /// At most this many, 1 to 1000; 100 when not given.
    limit: Option<u32>,
    /// The `cursor` that the page before answered with.
    cursor: Option<String>,
}

/// A part of a list, as far as the user may see it.
pub(super) async fn part(
    cx: &Context,
    filter: Filter,
    limit: Option<u32>,
    cursor: Option<String>,
) -> Result<PageRequest> {
    let visible = cx.service.access.visible_projects(cx.user.as_ref()).await?;
    Ok(PageRequest { filter, visible, limit: page_size(limit)?, cursor })
}

pub(super) async fn list(cx: &Context, input: DatabasesListInput) -> Result<Reply<ConnectionPage>> {
    let DatabasesListInput { project_ref, database_type, status, limit, cursor } = input;
    let filter = Filter { project_ref, database_type, status };
    let request = part(cx, filter, limit, cursor).await?;
    let page = cx.service.registry.page(&request, cx.fresh).await?;
    Reply::write(|w| {
        w.raw(&page);
        Ok(())
    })
}

pub(super) async fn get(cx: &Context, _: Nothing) -> Result<Reply<Connection>> {
    Reply::of(cx.connection()?)
}

pub(super) async fn create(cx: &Context, input: CreateInput) -> Result<Reply<Connection>> {
    let project = input.project_ref.as_deref().ok_or_else(|| missing("projectRef"))?;
    let (registry, user) = (&cx.service.registry, cx.user.as_ref());
    let (project, granted) = cx.service.access.project(registry, user, project).await?;
    granted.require(Permission::Admin)?;
    let database_type = input.database_type.ok_or_else(|| missing("type"))?;
    register(cx, &project, database_type, input).await
}

/// Registers a connection, once it is settled that the user may do so in the project.
pub(super) async fn register(
    cx: &Context,
    project: &Project,
    database_type: DatabaseType,
    input: CreateInput,
) -> Result<Reply<Connection>> {
    input.unknown.refuse()?;
    let registry = &cx.service.registry;
    registry.require_enabled(database_type)?;
    let target = Target::parse(database_type, &input.target, registry.rules())?;
    trial::require_admissible(cx, &target).await?;
    let status = if input.skip_test {
        Status::Inactive
    } else {
        trial::require_success(cx, &target).await?;
        Status::Active
    };
    let CreateInput { identifier, description, is_primary, .. } = input;
    let new = NewConnection { identifier, description, target, is_primary, status };
    Ok(Reply::of(&*registry.create(project, new).await?)?.created())
}

pub(super) async fn update(cx: &Context, input: UpdateInput) -> Result<Reply<Connection>> {
    input.unknown.refuse()?;
    let registry = &cx.service.registry;
    // What a cache holds may be older than what the user saw.
    let connection = registry.connection(cx.connection()?.id, true).await?;
    registry.require_editable(&connection)?;
    if input.database_type.is_some_and(|kind| kind != connection.database_type) {
        return Err(Error::validation(
            "the type of a connection can't be changed; register another connection",
        ));
    }
    let target = if input.target.is_empty() {
        None
    } else {
        let stored = registry.target(&connection).await?;
        let edited = stored.edited(&input.target, registry.rules())?;
        trial::require_admissible(cx, &edited).await?;
        Some(edited)
    };
    // What is known of the old target says nothing about the new one.
    let status = input.status.or_else(|| target.as_ref().map(|_| Status::Inactive));
    let UpdateInput { identifier, description, is_primary, .. } = input;
    let changes = Changes { identifier, description, target, is_primary, status };
    let updated = registry.update(&connection, changes).await?;
    if updated.version != connection.version {
        cx.service.pools.forget(updated.id);
    }
    Reply::of(&updated)
}

/// A connection that was removed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RemovedConnection {
    /// Its id.
    id: String,
}

pub(super) async fn delete(cx: &Context, _: Nothing) -> Result<Reply<RemovedConnection>> {
    let connection = cx.connection()?;
    cx.service.registry.delete(connection).await?;
    cx.service.pools.forget(connection.id);
    Reply::of(&RemovedConnection { id: connection.id.to_string() })
}

fn missing(name: &str) -> Error {
    Error::validation(format!("`{name}` is required"))
}
