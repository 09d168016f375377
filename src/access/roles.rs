//! Roles of the Studio, and what they allow.

use crate::permission::Permission;

/// What a role of `organization_members` or `project_members` allows. A role that is not known here
/// allows nothing, and neither does `billing_admin`, which is about invoices.
pub(super) fn of_member(role: &str) -> Option<Permission> {
    match role {
        "owner" | "admin" => Some(Permission::Admin),
        "developer" => Some(Permission::Write),
        "viewer" | "read_only" | "member" => Some(Permission::Read),
        _ => None,
    }
}

/// What a role of `database_permissions` allows.
pub(super) fn of_grant(role: &str) -> Option<Permission> {
    match role {
        "admin" => Some(Permission::Admin),
        "write" => Some(Permission::Write),
        "read" => Some(Permission::Read),
        _ => None,
    }
}

/// What a user may do in a project.
///
/// Owners and admins of the organization may do everything in all of its projects. For everybody
/// else a role in the project itself counts in place of the organization's, in both directions: a
/// developer of the organization who is `read_only` in a project only reads there, and a
/// `billing_admin` who is a developer of a project may write there.
pub(super) fn in_project(organization: Option<&str>, project: Option<&str>) -> Option<Permission> {
    let organization = organization.and_then(of_member);
    match project {
        _ if organization == Some(Permission::Admin) => organization,
        Some(role) => of_member(role),
        None => organization,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_and_admins_of_the_organization_may_do_everything_in_its_projects() {
        for role in ["owner", "admin"] {
            assert_eq!(in_project(Some(role), Some("read_only")), Some(Permission::Admin));
        }
    }

    #[test]
    fn a_project_role_stands_in_for_the_organizations() {
        assert_eq!(in_project(Some("developer"), Some("read_only")), Some(Permission::Read));
        assert_eq!(in_project(Some("member"), Some("developer")), Some(Permission::Write));
        assert_eq!(in_project(Some("billing_admin"), Some("admin")), Some(Permission::Admin));
        assert_eq!(in_project(Some("member"), None), Some(Permission::Read));
    }

    #[test]
    fn what_is_not_known_allows_nothing() {
        assert_eq!(in_project(None, None), None);
        assert_eq!(in_project(Some("billing_admin"), None), None);
        assert_eq!(in_project(Some("Owner "), None), None);
        assert_eq!(in_project(Some("developer"), Some("auditor")), None);
        assert_eq!(of_grant("owner"), None);
    }
}
