//! Which keys are meant: a pattern, a type.

use super::glob;

/// Which keys a walk gives. The server filters after it has looked: fewer keys are no less work.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Glob pattern; `None` is every key.
    pub pattern: Option<Vec<u8>>,
    /// Only keys of this type, as `TYPE` names it.
    pub type_name: Option<String>,
}

impl Filter {
    /// The one key that the pattern stands for, if it has no special characters.
    pub fn literal(&self) -> Option<Vec<u8>> {
        self.pattern.as_deref().and_then(glob::literal)
    }

    /// Whether the pattern names nothing: it consists of wildcards.
    pub fn names_nothing(&self) -> bool {
        self.pattern.as_deref().is_none_or(glob::names_nothing)
    }

    /// What every key that fits begins with; empty where that can be anything.
    pub fn prefix(&self) -> Vec<u8> {
        self.pattern.as_deref().map_or_else(Vec::new, glob::prefix)
    }

    pub(super) fn pattern(&self) -> Option<&[u8]> {
        self.pattern.as_deref().filter(|pattern| !glob::matches_all(pattern))
    }
}
