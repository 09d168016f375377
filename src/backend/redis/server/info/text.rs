//! The text that `INFO` answers with.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// The sections as the server names and fills them.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(rename = "InfoText")]
pub(super) struct Text(BTreeMap<String, BTreeMap<String, String>>);

impl Text {
    pub(super) fn parse(text: &str) -> Self {
        let mut sections = BTreeMap::<String, BTreeMap<String, String>>::new();
        let mut current = String::new();
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            if let Some(name) = line.strip_prefix('#') {
                current = name.trim().to_ascii_lowercase();
            } else if let Some((name, value)) = line.split_once(':') {
                let section = sections.entry(current.clone()).or_default();
                // Modules share one name.
                let name = if section.contains_key(name) {
                    format!("{name}{}", section.len())
                } else {
                    name.to_owned()
                };
                section.insert(name, value.to_owned());
            }
        }
        Self(sections)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a name, in whatever section.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.values().find_map(|section| section.get(name)).map(String::as_str)
    }

    /// The lines of a section whose names begin with `prefix`, without it.
    pub(super) fn lines<'t>(
        &'t self,
        section: &str,
        prefix: &'t str,
    ) -> impl Iterator<Item = (&'t str, Pairs<'t>)> {
        let lines = self.0.get(section).into_iter().flatten();
        lines.filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, Pairs(value))))
    }
}

/// A value of the form `keys=2,expires=0`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pairs<'t>(&'t str);

impl<'t> Pairs<'t> {
    pub(super) fn get(self, wanted: &str) -> Option<&'t str> {
        let mut pairs = self.0.split(',').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
    }

    pub(super) fn number<N: std::str::FromStr>(self, wanted: &str) -> Option<N> {
        self.get(wanted)?.parse().ok()
    }

    /// All values that are numbers, by their names.
    pub(super) fn floats(self) -> BTreeMap<String, f64> {
        let pairs = self.0.split(',').filter_map(|pair| pair.split_once('='));
        pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
    }
}
