//! Who may do what.
//!
//! A user's roles come from the Studio's own tables and are read once per user, for all projects
//! together. What is not granted is denied, and a project that a user has no part in answers
//! exactly like one that does not exist.

pub mod limiter;
mod members;
mod roles;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use uuid::Uuid;

pub use crate::config::Authorization;
use crate::error::{Code, Error, Result};
use crate::permission::Permission;
use crate::platform::Platform;
use crate::platform::cache::Shelf;
use crate::registry::{Address, Connection, Project, Registry, Visible, not_found};
use members::Memberships;

/// The authenticated user, as the Studio passes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct User {
    /// Stable id: the `sub` claim.
    pub id: String,
}

impl User {
    /// The user of that id. A blank text is no id, and nobody's.
    pub fn named(id: String) -> Option<Self> {
        (!id.trim().is_empty()).then_some(Self { id })
    }

    /// The same user by the id that the database has.
    #[must_use]
    pub fn canonical(self) -> Self {
        Self { id: canonical(&self.id) }
    }
}

/// Decides what users may do.
#[derive(Debug)]
pub struct Access {
    authorization: Authorization,
    platform: Option<Arc<Platform>>,
    members: Shelf<String, Arc<Memberships>>,
}

/// A change of roles takes effect within this time.
const ROLES_BELIEVED_FOR: Duration = Duration::from_secs(10);

/// While the platform database is down, users it once knew may go on reading for this long.
const READING_GOES_ON_FOR: Duration = Duration::from_secs(60 * 60);

impl Access {
    /// Roles from the platform database.
    pub fn new(authorization: Authorization, platform: Option<Arc<Platform>>) -> Self {
        Self::with_belief(authorization, platform, ROLES_BELIEVED_FOR)
    }

    /// Roles that are read again after `believed_for`.
    pub fn with_belief(
        authorization: Authorization,
        platform: Option<Arc<Platform>>,
        believed_for: Duration,
    ) -> Self {
        Self {
            authorization,
            platform,
            members: Shelf::new(10_000, believed_for, READING_GOES_ON_FOR),
        }
    }

    /// What the user may do in a project, or with one connection of it.
    ///
    /// A user who is no member gets [`not_found`], as for a project that does not exist.
    pub async fn granted(
        &self,
        user: Option<&User>,
        project_id: Uuid,
        connection_id: Option<Uuid>,
    ) -> Result<Permission> {
        match self.memberships(user).await? {
            None => Ok(Permission::Admin),
            Some((members, limit)) => members
                .granted(project_id, connection_id)
                .map(|granted| granted.min(limit))
                .ok_or_else(not_found),
        }
    }

    /// The projects that lists may show to the user.
    pub async fn visible_projects(&self, user: Option<&User>) -> Result<Visible> {
        Ok(match self.memberships(user).await? {
            None => Visible::All,
            Some((members, _)) => Visible::of(members.projects().map(|(id, _)| id)),
        })
    }

    /// Refuses a missing user where users are told apart.
    pub fn known(&self, user: Option<&User>) -> Result<()> {
        match (self.authorization, user) {
            (Authorization::Members, None) => {
                Err(Error::new(Code::Unauthenticated, "log in to use database connections"))
            }
            _ => Ok(()),
        }
    }

    /// The most the user may do anywhere, for what concerns the whole process.
    pub async fn granted_anywhere(&self, user: Option<&User>) -> Result<Permission> {
        match self.memberships(user).await? {
            None => Ok(Permission::Admin),
            Some((members, limit)) => {
                members.projects().map(|(_, granted)| granted.min(limit)).max().ok_or_else(|| {
                    Error::new(Code::PermissionDenied, "you are a member of no project")
                })
            }
        }
    }

    /// The connection at an address, and what the user may do with it. The user's part in the
    /// project is established before anything about its connections is told.
    ///
    /// Here and in [`Access::connection`] and [`Access::project`], what the user has no part in costs
    /// as much as what does not exist: roles are read first either way, and what memory knows is
    /// asked for again.
    pub async fn resolve(
        &self,
        registry: &Registry,
        user: Option<&User>,
        address: &Address<'_>,
    ) -> Result<(Arc<Connection>, Permission)> {
        let since = Instant::now();
        self.memberships(user).await?;
        let found = registry.locate(address).await?;
        if let Err(refused) = self.granted(user, found.project_id(), None).await {
            registry.look_in_vain(address.scope, since).await;
            return Err(refused);
        }
        let connection = found.choose()?;
        let granted = self.granted(user, connection.project.id, Some(connection.id)).await?;
        Ok((connection, granted))
    }

    /// The connection with this id, of whichever type, and what the user may do with it.
    pub async fn connection(
        &self,
        registry: &Registry,
        user: Option<&User>,
        id: Uuid,
        fresh: bool,
    ) -> Result<(Arc<Connection>, Permission)> {
        let since = Instant::now();
        self.memberships(user).await?;
        let connection = registry.connection(id, fresh).await?;
        match self.granted(user, connection.project.id, Some(id)).await {
            Ok(granted) => Ok((connection, granted)),
            Err(refused) => {
                registry.look_in_vain_for(id, since).await;
                Err(refused)
            }
        }
    }

    /// The project with this `ref` or id, or that of the connection with this id, and what the user may
    /// do in it.
    pub async fn project(
        &self,
        registry: &Registry,
        user: Option<&User>,
        scope: &str,
    ) -> Result<(Arc<Project>, Permission)> {
        let since = Instant::now();
        self.memberships(user).await?;
        let project = registry.project(scope).await?;
        match self.granted(user, project.id, None).await {
            Ok(granted) => Ok((project, granted)),
            Err(refused) => {
                registry.look_in_vain(scope, since).await;
                Err(refused)
            }
        }
    }

    /// The user's roles and the most they are good for now; `None` where users are not told apart.
    async fn memberships(
        &self,
        user: Option<&User>,
    ) -> Result<Option<(Arc<Memberships>, Permission)>> {
        self.known(user)?;
        let (Authorization::Members, Some(user)) = (self.authorization, user) else {
            return Ok(None);
        };
        let Some(platform) = &self.platform else {
            return Err(Error::new(
                Code::OperationNotAllowed,
                "MULTIDB_AUTHORIZATION=members needs the platform database, which holds the roles; \
                 set DATABASE_URL",
            ));
        };
        let id = canonical(&user.id);
        let read = async { Memberships::read(platform, &id).await.map(Arc::new) };
        let held = self.members.get(&id, false, read).await?;
        // A role that can't be confirmed may have been taken away: it is good for looking only.
        let limit = if held.stale { Permission::Read } else { Permission::Admin };
        Ok(Some((held.value, limit)))
    }
}

/// The id as the database writes it: UUIDs in lower case with hyphens, anything else as it is.
fn canonical(id: &str) -> String {
    Uuid::parse_str(id).map_or_else(|_| id.to_owned(), |id| id.to_string())
}
