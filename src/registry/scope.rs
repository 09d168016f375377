//! What a request says of the connection it means, and what that leads to.

use std::sync::Arc;

use uuid::Uuid;

use super::connection::{Connection, Project};
use crate::error::{Code, Error, Result};
use crate::target::DatabaseType;

/// What a request says about the connection it means.
#[derive(Debug, Clone, Copy)]
pub struct Address<'a> {
    /// A project's `ref`, or a connection's id.
    pub scope: &'a str,
    /// The type that the path names.
    pub database_type: DatabaseType,
    /// `connection_id` of the query.
    pub connection_id: Option<Uuid>,
    /// `identifier` of the query.
    pub identifier: Option<&'a str>,
    /// Cached metadata is not good enough.
    pub fresh: bool,
}

/// A project with its connections.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) project: Arc<Project>,
    /// Primary ones first, then in order of registration, then those from the environment.
    pub(super) connections: Vec<Arc<Connection>>,
    /// The project is only made up, for connections from the environment.
    pub(super) made_up: bool,
}

impl Scope {
    /// Whether a change in a project may show here.
    pub(super) fn shows(&self, project_id: Uuid) -> bool {
        self.made_up || self.project.id == project_id
    }
}

/// What an address leads to before one connection is chosen.
#[derive(Debug)]
pub struct Located<'a> {
    pub(super) address: Address<'a>,
    pub(super) found: Found,
}

#[derive(Debug)]
pub(super) enum Found {
    /// Of whichever type.
    One(Arc<Connection>),
    In(Arc<Scope>),
}

impl Located<'_> {
    /// The project whose members may know more.
    pub fn project_id(&self) -> Uuid {
        match &self.found {
            Found::One(connection) => connection.project.id,
            Found::In(scope) => scope.project.id,
        }
    }

    /// The one connection that is meant: the named one; else the primary of the type; else the one
    /// from the environment; else the only one.
    pub fn choose(self) -> Result<Arc<Connection>> {
        let Address { database_type, connection_id, identifier, .. } = self.address;
        let kind = database_type.display_name();
        let scope = match self.found {
            Found::One(connection) => {
                let named_otherwise = database_type != connection.database_type
                    || connection_id.is_some_and(|id| id != connection.id)
                    || identifier.is_some_and(|name| name != connection.identifier);
                return if named_otherwise { Err(not_found()) } else { Ok(connection) };
            }
            Found::In(scope) => scope,
        };
        let candidates: Vec<_> =
            scope.connections.iter().filter(|c| c.database_type == database_type).collect();
        if connection_id.is_some() || identifier.is_some() {
            return candidates
                .into_iter()
                .find(|c| {
                    connection_id.is_none_or(|id| id == c.id)
                        && identifier.is_none_or(|name| name == c.identifier)
                })
                .cloned()
                .ok_or_else(not_found);
        }
        if let [only] = candidates[..] {
            return Ok(Arc::clone(only));
        }
        let meant = candidates
            .iter()
            .find(|c| c.is_primary)
            .or_else(|| candidates.iter().find(|c| c.is_env()));
        if let Some(meant) = meant {
            return Ok(Arc::clone(meant));
        }
        if candidates.is_empty() {
            return Err(Error::not_found(format!(
                "the project {} has no {kind} connection; register one first",
                scope.project.project_ref
            )));
        }
        let identifiers: Vec<_> = candidates.iter().map(|c| c.identifier.clone()).collect();
        Err(Error::new(
            Code::Conflict,
            format!(
                "the project {} has several {kind} connections and none is primary; name one with \
                 ?identifier= or ?connection_id=: {}",
                scope.project.project_ref,
                identifiers.join(", ")
            ),
        )
        .detail("identifiers", identifiers))
    }
}

/// The one answer for what does not exist and for what the user has no part in. It repeats nothing
/// of the request, so that the two cannot differ.
pub fn not_found() -> Error {
    Error::not_found("there is no such project or database connection, or you have no access to it")
}
