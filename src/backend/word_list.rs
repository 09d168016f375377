//! Lists of words.

use std::collections::HashSet;

/// Words that are looked up whole, and beginnings of words.
pub(crate) struct WordList {
    whole: HashSet<&'static str>,
    beginnings: Vec<&'static str>,
}

impl WordList {
    /// Those of texts with spaces between them; `…` at the end of one stands for whatever follows.
    pub(crate) fn of(texts: &[&'static str]) -> Self {
        let words = texts.iter().flat_map(|text| text.split_whitespace());
        let beginnings = words.clone().filter_map(|word| word.strip_suffix('…')).collect();
        Self { whole: words.filter(|word| !word.ends_with('…')).collect(), beginnings }
    }

    pub(crate) fn has(&self, word: &str) -> bool {
        self.whole.contains(word) || self.beginnings.iter().any(|start| word.starts_with(start))
    }

    #[cfg(test)]
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static str> {
        self.whole.iter().chain(&self.beginnings).copied()
    }
}
