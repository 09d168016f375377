//! One user's roles, read together.

use std::collections::HashMap;

use uuid::Uuid;

use super::roles;
use crate::error::Result;
use crate::permission::Permission;
use crate::platform::Platform;

/// `user_id` is compared as text: the Studio decides its type and what its users are called.
const PROJECTS: &str = "
    SELECT p.id, o.role, m.role
    FROM platform.projects p
    LEFT JOIN (
        SELECT organization_id, role::text FROM platform.organization_members
        WHERE user_id::text = $1
    ) o ON o.organization_id = p.organization_id
    LEFT JOIN (
        SELECT project_id, role::text FROM platform.project_members WHERE user_id::text = $1
    ) m ON m.project_id = p.id
    WHERE o.role IS NOT NULL OR m.role IS NOT NULL";

const GRANTS: &str =
    "SELECT database_id, role::text FROM platform.database_permissions WHERE user_id::text = $1";

/// What a user may do, per project and per connection.
#[derive(Debug, Default)]
pub(super) struct Memberships {
    projects: HashMap<Uuid, Permission>,
    connections: HashMap<Uuid, Permission>,
}

impl Memberships {
    /// Reads the roles of a user.
    pub(super) async fn read(platform: &Platform, user_id: &str) -> Result<Self> {
        let mut found = Self::default();
        for row in platform.read(PROJECTS, &[&user_id]).await? {
            let (organization, project): (Option<&str>, Option<&str>) = (row.get(1), row.get(2));
            if let Some(granted) = roles::in_project(organization, project) {
                // Tables without a unique constraint may hold two roles; they add up.
                let held = found.projects.entry(row.get(0)).or_insert(granted);
                *held = granted.max(*held);
            }
        }
        if !found.projects.is_empty() {
            for row in platform.read(GRANTS, &[&user_id]).await? {
                if let Some(granted) = roles::of_grant(row.get(1)) {
                    found.connections.insert(row.get(0), granted);
                }
            }
        }
        Ok(found)
    }

    /// What was granted. A permission for one connection narrows or widens the project's role, but
    /// does not stand in for it: it ends with the membership.
    pub(super) fn granted(
        &self,
        project_id: Uuid,
        connection_id: Option<Uuid>,
    ) -> Option<Permission> {
        let in_project = *self.projects.get(&project_id)?;
        let own = connection_id.and_then(|id| self.connections.get(&id).copied());
        Some(own.unwrap_or(in_project))
    }

    /// The projects the user has a part in.
    pub(super) fn projects(&self) -> impl Iterator<Item = (Uuid, Permission)> {
        self.projects.iter().map(|(id, granted)| (*id, *granted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_for_one_connection_narrows_or_widens_the_role() {
        let (project, narrowed, widened) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
        let members = Memberships {
            projects: HashMap::from([(project, Permission::Write)]),
            connections: HashMap::from([
                (narrowed, Permission::Read),
                (widened, Permission::Admin),
            ]),
        };
        assert_eq!(members.granted(project, None), Some(Permission::Write));
        assert_eq!(members.granted(project, Some(narrowed)), Some(Permission::Read));
        assert_eq!(members.granted(project, Some(widened)), Some(Permission::Admin));
        assert_eq!(members.granted(project, Some(Uuid::new_v4())), Some(Permission::Write));
    }

    #[test]
    fn a_permission_without_membership_grants_nothing() {
        let connection = Uuid::new_v4();
        let members = Memberships {
            projects: HashMap::new(),
            connections: HashMap::from([(connection, Permission::Admin)]),
        };
        assert_eq!(members.granted(Uuid::new_v4(), Some(connection)), None);
    }
}
