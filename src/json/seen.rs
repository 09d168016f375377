//! The names that an object has so far.

use std::collections::HashSet;
use std::hash::Hash;

/// Up to so many names, looking through a list beats hashing.
const FEW: usize = 16;

/// Finds a name that is given twice. Objects are small as a rule; one with many names changes over to
/// a set.
pub struct SeenNames<N> {
    few: Vec<N>,
    many: HashSet<N>,
}

impl<N> Default for SeenNames<N> {
    fn default() -> Self {
        Self { few: Vec::new(), many: HashSet::new() }
    }
}

impl<N: Hash + Eq> SeenNames<N> {
    /// Adds a name; `false` if it is there.
    pub fn add(&mut self, name: N) -> bool {
        if !self.many.is_empty() {
            return self.many.insert(name);
        }
        if self.few.contains(&name) {
            return false;
        }
        self.few.push(name);
        if self.few.len() > FEW {
            self.many.extend(self.few.drain(..));
        }
        true
    }
}
