//! From what a URL says to one connection (`{scope}`, `connection_id`, `identifier`).
//!
//! In two steps, because between them the caller must find out whether the user has any part in the
//! project: the second step may name the project's connections in its failure.

use std::sync::Arc;
use std::time::Instant;

use tokio_postgres::Row;
use uuid::Uuid;

use super::Registry;
use super::connection::{Connection, Origin, Project};
use super::environment::{DEFAULT_PROJECT, default_project};
use super::not_found;
use super::rows::{readable, select_connections};
use super::scope::{Address, Found, Located, Scope};
use super::vault::Column;
use crate::error::{Code, Error, Result};
use crate::platform::Platform;
use crate::target::{Target, TargetInput};

const PROJECT: &str = "
    SELECT p.id, COALESCE(p.ref::text, ''), COALESCE(p.name::text, ''), o.name::text, o.slug::text
    FROM platform.projects p
    LEFT JOIN platform.organizations o ON o.id = p.organization_id
    WHERE p.ref = $1 OR p.id = $2
    ORDER BY p.ref = $1 DESC
    LIMIT 1";

const OF_PROJECT: &str =
    select_connections!("WHERE c.project_id = $1 ORDER BY c.is_primary DESC, c.created_at, c.id");

const BY_ID: &str = select_connections!("WHERE c.id = $1");

impl Registry {
    /// The project or connection that an address names. A type that is not managed answers as if
    /// there were no connections.
    pub async fn locate<'a>(&self, address: &Address<'a>) -> Result<Located<'a>> {
        let address = *address;
        self.require_enabled(address.database_type)?;
        let found = match self.by_scope_id(address.scope, address.fresh).await? {
            Some(connection) => Found::One(connection),
            None => match self.scope(address.scope, address.fresh).await {
                Ok(scope) => Found::In(scope),
                Err(error) => Found::One(self.despite_outage(&address, error)?),
            },
        };
        Ok(Located { address, found })
    }

    /// Asks the platform database what it is asked about a scope that does not exist. For those who
    /// may not know that it does: what was found in memory would answer them faster. What was read
    /// after `since` was read for them.
    pub(crate) async fn look_in_vain(&self, scope: &str, since: Instant) {
        if let Ok(id) = Uuid::parse_str(scope) {
            self.look_in_vain_for(id, since).await;
        }
        let _ = self.scope_since(scope, Some(since)).await;
    }

    /// As [`Registry::look_in_vain`], for the id of a connection.
    pub(crate) async fn look_in_vain_for(&self, id: Uuid, since: Instant) {
        let _ = self.connection_since(id, Some(since)).await;
    }

    /// The connection with this id, of whichever type.
    pub async fn connection(&self, id: Uuid, fresh: bool) -> Result<Arc<Connection>> {
        self.connection_since(id, fresh.then(Instant::now)).await
    }

    async fn connection_since(&self, id: Uuid, since: Option<Instant>) -> Result<Arc<Connection>> {
        if self.environment.target(id).is_some() {
            return self.environment_connection(id).await;
        }
        if self.platform.is_none() {
            return Err(not_found());
        }
        let read = async {
            let rows = self.require_platform()?.read(BY_ID, &[&id]).await?;
            let row = rows.first().ok_or_else(not_found)?;
            Connection::try_from(row).map(Arc::new)
        };
        let connection = self.caches.connections.get_since(&id, since, read).await?.value;
        if !self.is_enabled(connection.database_type) {
            return Err(not_found());
        }
        Ok(connection)
    }

    /// The project with this `ref` or id, or the project of the connection with this id.
    pub async fn project(&self, scope: &str) -> Result<Arc<Project>> {
        match self.by_scope_id(scope, false).await? {
            Some(connection) => Ok(Arc::clone(&connection.project)),
            None => Ok(Arc::clone(&self.scope(scope, false).await?.project)),
        }
    }

    /// All connections of a project: primary ones first, then in order of registration.
    pub async fn connections_of(
        &self,
        project: &Project,
        fresh: bool,
    ) -> Result<Vec<Arc<Connection>>> {
        let scope = self.scope(&project.project_ref, fresh).await?;
        Ok(scope.connections.iter().filter(|c| self.is_enabled(c.database_type)).cloned().collect())
    }

    /// Opens the connection's secrets and parses its target.
    pub async fn target(&self, connection: &Connection) -> Result<Target> {
        let (connection_string, password) = match &connection.origin {
            Origin::Row { connection_string, password } => (connection_string, password),
            Origin::Direct { target, .. } => return Ok(target.as_ref().clone()),
            Origin::Environment => {
                return self.environment.target(connection.id).cloned().ok_or_else(not_found);
            }
        };
        let owner = connection.owner();
        let open = |stored: &Option<String>, column| {
            stored.as_deref().map(|stored| self.vault.open(stored, column, owner)).transpose()
        };
        let input = TargetInput::from_stored(
            connection.columns.clone(),
            open(connection_string, Column::ConnectionString)?,
            // The connection string is complete; a password beside it need not be opened.
            match connection_string {
                Some(_) => None,
                None => open(password, Column::Password)?,
            },
        );
        let target =
            Target::parse(connection.database_type, &input, self.rules()).map_err(|e| {
                e.context(&format!("the stored target of connection {}", connection.identifier))
            })?;
        let outdated = [connection_string, password]
            .into_iter()
            .flatten()
            .any(|stored| crate::crypto::cryptojs::is_legacy(stored));
        if outdated {
            self.reseal_one(connection.id).await;
        }
        Ok(target)
    }

    /// The connection that a scope names by its id. A UUID that is no connection's may still be a
    /// project's `ref`.
    async fn by_scope_id(&self, scope: &str, fresh: bool) -> Result<Option<Arc<Connection>>> {
        let Ok(id) = Uuid::parse_str(scope) else { return Ok(None) };
        match self.connection(id, fresh).await {
            Ok(connection) => Ok(Some(connection)),
            Err(error) if error.code() == Code::DbNotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A project with its connections, by its `ref`.
    async fn scope(&self, project_ref: &str, fresh: bool) -> Result<Arc<Scope>> {
        self.scope_since(project_ref, fresh.then(Instant::now)).await
    }

    async fn scope_since(&self, project_ref: &str, since: Option<Instant>) -> Result<Arc<Scope>> {
        if self.platform.is_none() {
            return self.made_up_scope(project_ref).map(Arc::new);
        }
        let read = async {
            let platform = self.require_platform()?;
            if let Some(project) = read_project(platform, project_ref).await? {
                let rows = platform.read(OF_PROJECT, &[&project.id]).await?;
                let mut connections: Vec<_> =
                    rows.iter().filter_map(readable).map(Arc::new).collect();
                if project.project_ref == DEFAULT_PROJECT {
                    connections.extend(self.environment.connections(&project));
                }
                return Ok(Arc::new(Scope { project, connections, made_up: false }));
            }
            // As much work as for a project that exists: how long it takes tells nothing.
            platform.read(OF_PROJECT, &[&Uuid::nil()]).await?;
            self.made_up_scope(project_ref).map(Arc::new)
        };
        Ok(self.caches.scopes.get_since(&project_ref.to_owned(), since, read).await?.value)
    }

    /// The project `default` where the platform database has none: it holds the connections from
    /// the environment, and a self-hosted Studio, which has just this project, may add to it.
    fn made_up_scope(&self, project_ref: &str) -> Result<Scope> {
        let exists = !self.environment.is_empty() || self.rules().self_hosted;
        if project_ref != DEFAULT_PROJECT || !exists {
            return Err(not_found());
        }
        let project = default_project();
        let connections = self.environment.connections(&project);
        Ok(Scope { project, connections, made_up: true })
    }

    /// A connection from the environment, as a member of the project `default`.
    async fn environment_connection(&self, id: Uuid) -> Result<Arc<Connection>> {
        let project = match self.scope(DEFAULT_PROJECT, false).await {
            Ok(scope) => Arc::clone(&scope.project),
            // It needs no platform database.
            Err(_) => default_project(),
        };
        let connections = self.environment.connections(&project);
        connections.into_iter().find(|c| c.id == id).ok_or_else(not_found)
    }

    /// While the platform database is down and nothing is cached, a connection from the environment
    /// still works, but only where it is named: without a name a registered one might be meant.
    fn despite_outage(&self, address: &Address<'_>, error: Error) -> Result<Arc<Connection>> {
        if error.code() == Code::DbNotFound || address.scope != DEFAULT_PROJECT {
            return Err(error);
        }
        let named = self.environment.connections(&default_project()).into_iter().find(|c| {
            c.database_type == address.database_type
                && (address.connection_id == Some(c.id)
                    || address.identifier == Some(c.identifier.as_str()))
        });
        named.ok_or(error)
    }
}

/// A project by its `ref`, or by its id, which one of the documents uses instead.
async fn read_project(platform: &Platform, name: &str) -> Result<Option<Arc<Project>>> {
    let rows = platform.read(PROJECT, &[&name, &Uuid::parse_str(name).ok()]).await?;
    let project = rows.first().map(|row: &Row| Project {
        id: row.get(0),
        project_ref: row.get(1),
        name: row.get(2),
        organization_name: row.get(3),
        organization_slug: row.get(4),
    });
    Ok(project.map(Arc::new))
}
