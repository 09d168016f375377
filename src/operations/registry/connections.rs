//! `/{type}/{scope}/connections`: the registry of one project and type.

use schemars::JsonSchema;
use serde::Deserialize;

use super::databases::register;
use super::input::{CreateInput, page_size};
use crate::api::context::Context;
use crate::api::reply::Reply;
use crate::error::{Error, Result};
use crate::target::DatabaseType;

/// The type that an operation's path names.
pub(super) trait Kind {
    /// That type.
    const TYPE: DatabaseType;
}

macro_rules! kinds {
    ($($kind:ident)*) => {$(
        pub(super) struct $kind;

        impl Kind for $kind {
            const TYPE: DatabaseType = DatabaseType::$kind;
        }
    )*};
}
kinds! { Redis Mongodb Postgres BunApi }

/// Which part of the list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListInput {
    /// At most this many, 1 to 1000; 100 when not given.
    limit: Option<u32>,
    /// The `cursor` that the page before answered with.
    #[schemars(with = "Option<String>")]
    cursor: Option<uuid::Uuid>,
}

/// Primary first, then in order of registration. A project has few connections of a type, and all of
/// them are read together; the cursor is the id of the last one shown.
pub(super) async fn list<K: Kind>(cx: &Context, input: ListInput) -> Result<Reply> {
    let limit = usize::try_from(page_size(input.limit)?).unwrap_or(usize::MAX);
    let registry = &cx.service.registry;
    registry.require_enabled(K::TYPE)?;
    let connections = registry.connections_of(cx.project()?, cx.fresh).await?;
    let mut rest: Vec<_> = connections.into_iter().filter(|c| c.database_type == K::TYPE).collect();
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
    Reply::write(|w| {
        w.raw(b"{\"connections\":");
        w.try_list(&rest, |w, connection| connection.write(w))?;
        w.raw(b",\"cursor\":");
        match rest.last().filter(|_| more) {
            Some(last) => w.string(&last.id.to_string()),
            None => w.raw(b"null"),
        }
        w.raw(b"}");
        Ok(())
    })
}

pub(super) async fn create<K: Kind>(cx: &Context, input: CreateInput) -> Result<Reply> {
    let project = cx.project()?;
    if input.database_type.is_some_and(|kind| kind != K::TYPE) {
        return Err(Error::validation(format!(
            "this path registers {} connections; `type` says otherwise",
            K::TYPE.display_name()
        )));
    }
    if let Some(named) = &input.project_ref
        && *named != project.project_ref
        && *named != project.id.to_string()
    {
        return Err(Error::validation("`project_ref` is not the project that the path names"));
    }
    register(cx, project, K::TYPE, input).await
}
