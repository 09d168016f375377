//! Registering, changing and removing connections.
//!
//! A write is told to this process's caches at once and to other instances by the table's trigger.

use std::sync::Arc;

use uuid::Uuid;

use super::Registry;
use super::connection::{Connection, Origin, Project, Status};
use super::environment::{DEFAULT_PROJECT, default_project};
use super::not_found;
use super::vault::{Owner, Sealed};
use super::write::{self, NewRow};
use crate::error::{Code, Error, Result};
use crate::platform::{Lent, Parameters};
use crate::target::Target;

const DELETE: &str = "DELETE FROM platform.database_connections WHERE id = $1 RETURNING id";

/// The version keeps the result of a test away from a target that was edited meanwhile.
const RECORD: &str = "
    UPDATE platform.database_connections
    SET status = CASE WHEN $3::text IS NULL THEN 'ACTIVE' ELSE 'ERROR' END,
        last_connected_at = CASE WHEN $3 IS NULL THEN now() ELSE last_connected_at END,
        last_error = $3
    WHERE id = $1 AND version = $2
    RETURNING id";

/// The one project of a self-hosted Studio has no row until something belongs to it. Its database
/// is the Studio's own affair and is left blank here.
const MAKE_DEFAULT_PROJECT: &str = "
    INSERT INTO platform.projects (
        organization_id, name, slug, ref, database_host, database_name, database_user,
        database_password, postgres_meta_url, supabase_url)
    VALUES (
        (SELECT id FROM platform.organizations ORDER BY created_at, id LIMIT 1),
        $1, $2, $2, '', '', '', '', '', '')
    ON CONFLICT DO NOTHING";

const PROJECT_ID: &str = "SELECT id FROM platform.projects WHERE ref = $1";

/// A connection that is to be registered.
#[derive(Debug)]
pub struct NewConnection {
    /// Name, unique in the project: `a-z`, `0-9` and `-`.
    pub identifier: String,
    /// What people wrote about it.
    pub description: Option<String>,
    /// Where it goes.
    pub target: Target,
    /// Take the place of the project's primary of this type.
    pub is_primary: bool,
    /// `Active` when it was tried with success, else `Inactive`.
    pub status: Status,
}

/// What is to be different. `None` leaves a thing as it is.
#[derive(Debug, Default)]
pub struct Changes {
    /// Another name.
    pub identifier: Option<String>,
    /// Another description; an empty one removes it.
    pub description: Option<String>,
    /// Where it goes from now on.
    pub target: Option<Target>,
    /// Become the primary, or stop being it.
    pub is_primary: Option<bool>,
    /// Another state.
    pub status: Option<Status>,
}

impl Registry {
    /// Registers a connection in a project.
    pub async fn create(&self, project: &Project, new: NewConnection) -> Result<Arc<Connection>> {
        check_identifier(&new.identifier)?;
        self.vault.require_keys()?;
        let mut session = self.require_platform()?.session().await?;
        session.begin().await?;
        let project_id = self.project_row(&mut session, project).await?;
        let database_type = new.target.database_type();
        let owner = Owner { id: Uuid::new_v4(), project_id, database_type };
        let sealed = self.vault.seal_target(&new.target, owner)?;
        if new.is_primary {
            write::clear_primary(&mut session, owner).await?;
        }
        let row = NewRow {
            identifier: &new.identifier,
            description: new.description.as_deref(),
            sealed: &sealed,
            is_primary: new.is_primary,
            status: new.status,
        };
        let created = row.insert(&mut session, owner).await?;
        self.committed(session, created).await
    }

    /// Changes a connection. A change that somebody else made since `connection` was read is a
    /// `CONFLICT`.
    pub async fn update(
        &self,
        connection: &Connection,
        changes: Changes,
    ) -> Result<Arc<Connection>> {
        let Origin::Row { connection_string, password } = &connection.origin else {
            return Err(from_environment());
        };
        let identifier = changes.identifier.as_ref().unwrap_or(&connection.identifier);
        check_identifier(identifier)?;
        let (id, project_id) = (connection.id, connection.project.id);
        let sealed = match &changes.target {
            Some(target) => self.vault.seal_target(target, connection.owner())?,
            None => Sealed {
                columns: connection.columns.clone(),
                connection_string: connection_string.clone(),
                password: password.clone(),
            },
        };
        let description = changes.description.as_deref().or(connection.description.as_deref());
        let row = NewRow {
            identifier,
            description: description.filter(|text| !text.is_empty()),
            sealed: &sealed,
            is_primary: changes.is_primary.unwrap_or(connection.is_primary),
            status: changes.status.unwrap_or(connection.status),
        };
        let mut session = self.require_platform()?.session().await?;
        session.begin().await?;
        if row.is_primary && !connection.is_primary {
            write::clear_primary(&mut session, connection.owner()).await?;
        }
        if let Some(updated) = row.update(&mut session, id, connection.version).await? {
            return self.committed(session, updated).await;
        }
        drop(session);
        self.caches.changed(id, project_id).await;
        // It is either gone or newer.
        let now = self.connection(id, true).await?;
        Err(Error::new(
            Code::Conflict,
            format!(
                "the connection {} was changed by someone else meanwhile; read it again",
                connection.identifier
            ),
        )
        .detail("version", now.version))
    }

    /// Refuses a connection that is not kept in the registry.
    pub fn require_editable(&self, connection: &Connection) -> Result<()> {
        if connection.is_env() { Err(from_environment()) } else { Ok(()) }
    }

    /// Removes a connection, its permissions with it.
    pub async fn delete(&self, connection: &Connection) -> Result<()> {
        self.require_editable(connection)?;
        let deleted = self.require_platform()?.write(DELETE, &[&connection.id]).await;
        // Also after a failure: whether it is still there may be unknown.
        self.caches.changed(connection.id, connection.project.id).await;
        if deleted?.is_empty() { Err(not_found()) } else { Ok(()) }
    }

    /// Notes how a test of a connection ended: `None` when it worked, else why not. It is a note and
    /// no more: nobody's request fails because it could not be written.
    pub async fn record_test(&self, connection: &Connection, failure: Option<&str>) {
        if connection.is_env() {
            return;
        }
        let noted = async {
            let platform = self.require_platform()?;
            platform.write(RECORD, &[&connection.id, &connection.version, &failure]).await
        };
        match noted.await {
            Ok(_) => self.caches.changed(connection.id, connection.project.id).await,
            Err(error) => {
                tracing::warn!(connection = %connection.id, %error, "a test was not noted");
            }
        }
    }

    /// The id of the project's row, making the row where it is the one project of a self-hosted
    /// Studio that has none yet.
    async fn project_row(&self, session: &mut Lent, project: &Project) -> Result<Uuid> {
        let made_up = default_project();
        if project.id != made_up.id {
            return Ok(project.id);
        }
        if self.rules().self_hosted {
            let parameters: Parameters<'_> = &[&made_up.name, &DEFAULT_PROJECT];
            session.rows(MAKE_DEFAULT_PROJECT, parameters).await.map_err(|e| {
                e.context("the project `default` is not there yet and could not be made")
            })?;
        }
        let rows = session.rows(PROJECT_ID, &[&DEFAULT_PROJECT]).await?;
        rows.first().map(|row| row.get(0)).ok_or_else(not_found)
    }

    async fn committed(&self, mut session: Lent, row: Connection) -> Result<Arc<Connection>> {
        let done = session.commit().await;
        self.caches.changed(row.id, row.project.id).await;
        done.map(|()| Arc::new(row))
    }
}

fn check_identifier(identifier: &str) -> Result<()> {
    let fits = (1..=63).contains(&identifier.len())
        && identifier.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits {
        return Ok(());
    }
    Err(Error::validation(
        "`identifier` must be 1 to 63 lower-case letters, digits and hyphens, such as cache-redis",
    ))
}

fn from_environment() -> Error {
    Error::new(
        Code::OperationNotAllowed,
        "this connection comes from the environment; change or remove the variable that defines it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_safe_in_urls() {
        for good in ["cache-redis", "a", "0", "-", &"a".repeat(63)] {
            assert!(check_identifier(good).is_ok(), "{good}");
        }
        for bad in ["", "Cache", "a b", "a/b", "a_b", "é", "a\n", &"a".repeat(64)] {
            assert!(check_identifier(bad).is_err(), "{bad}");
        }
    }
}
