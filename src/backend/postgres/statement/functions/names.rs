//! Lists of names.

use std::collections::HashSet;

/// Names that are looked up whole, and beginnings of names.
pub(crate) struct Names {
    whole: HashSet<&'static str>,
    beginnings: Vec<&'static str>,
}

impl Names {
    /// Those of texts with spaces between them; `…` at the end of one stands for whatever follows.
    pub(crate) fn of(texts: &[&'static str]) -> Self {
        let names = texts.iter().flat_map(|text| text.split_whitespace());
        let beginnings = names.clone().filter_map(|name| name.strip_suffix('…')).collect();
        Self { whole: names.filter(|name| !name.ends_with('…')).collect(), beginnings }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.whole.contains(name) || self.beginnings.iter().any(|start| name.starts_with(start))
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = &'static str> {
        self.whole.iter().chain(&self.beginnings).copied()
    }
}
