//! The field names that one document already has.

use std::collections::HashSet;

/// Finds a name that is given twice. Documents are small as a rule, so that looking through a list
/// beats hashing; a document with many fields changes over to a set.
#[derive(Default)]
pub(super) struct Keys {
    few: Vec<String>,
    many: HashSet<String>,
}

const FEW: usize = 16;

impl Keys {
    /// Adds a name; `false` when it was there.
    pub(super) fn add(&mut self, key: String) -> bool {
        if !self.many.is_empty() {
            return self.many.insert(key);
        }
        if self.few.contains(&key) {
            return false;
        }
        self.few.push(key);
        if self.few.len() > FEW {
            self.many.extend(self.few.drain(..));
        }
        true
    }
}
