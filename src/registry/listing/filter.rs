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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Visible {
    /// All of them.
    All,
    /// These, in a fixed order, so that equal sets are equal keys.
    Some(Arc<[Uuid]>),
}

impl Visible {
    /// These.
    pub fn of(projects: impl IntoIterator<Item = Uuid>) -> Self {
        let mut projects: Vec<_> = projects.into_iter().collect();
        projects.sort_unstable();
        Self::Some(projects.into())
    }

    /// `None` for all of them.
    pub(super) fn ids(&self) -> Option<&[Uuid]> {
        match self {
            Self::All => None,
            Self::Some(projects) => Some(projects),
        }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageRequest {
    /// What the list holds.
    pub filter: Filter,
    /// The projects the user may see.
    pub visible: Visible,
    /// At most this many connections.
    pub limit: u32,
    /// The `cursor` of the page before.
    pub cursor: Option<String>,
}

/// A [`ConnectionPage`](super::ConnectionPage) as JSON.
pub type Page = Bytes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_who_see_the_same_projects_share_pages() {
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        let one = Visible::of([a, b]);
        assert_eq!(one, Visible::of([b, a]));
        assert_ne!(one, Visible::of([b]));
        assert_ne!(one, Visible::All);
    }
}
