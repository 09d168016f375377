//! What a list of connections holds, and which part of it is asked for.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::registry::connection::Status;
use crate::target::DatabaseType;

/// Which connections a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of this project only.
    pub project_ref: Option<String>,
    /// Of this type only.
    pub database_type: Option<DatabaseType>,
    /// In this state only.
    pub status: Option<Status>,
}

/// The projects that a list may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All of them.
    All,
    /// These.
    Some(Vec<Uuid>),
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// What the list holds.
    pub filter: Filter,
    /// The projects the user may see.
    pub visible: Visible,
    /// At most this many connections.
    pub limit: u32,
    /// The `cursor` of the page before.
    pub cursor: Option<String>,
    /// A cached page is not good enough.
    pub fresh: bool,
}

/// A [`ConnectionPage`](super::ConnectionPage) as JSON.
pub type Page = Bytes;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::registry) struct PageKey {
    pub(super) filter: Filter,
    pub(super) projects: Option<Arc<[Uuid]>>,
    pub(super) limit: u32,
    pub(super) cursor: Option<String>,
}

/// In a fixed order, so that equal sets are equal keys.
pub(super) fn projects(visible: Visible) -> Option<Arc<[Uuid]>> {
    match visible {
        Visible::All => None,
        Visible::Some(mut ids) => {
            ids.sort_unstable();
            Some(ids.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_who_see_the_same_projects_share_pages() {
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        let one = projects(Visible::Some(vec![a, b]));
        assert_eq!(one, projects(Visible::Some(vec![b, a])));
        assert_ne!(one, projects(Visible::Some(vec![b])));
        assert_ne!(one, projects(Visible::All));
    }
}
