//! The namespaces below a prefix, counted while the keyspace is walked.
//!
//! Redis has no namespaces, only keys whose names have separators in them: to know how many keys
//! begin with `user:`, each must be looked at. So the counts grow, and everything written says how
//! much of the keyspace they stand for. Memory does not grow with them: beyond a number of
//! namespaces and names, keys are only counted.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::cursor;
use super::filter::Filter;
use super::scan::EndedBy;
use super::walk::{Budget, MAX_WORK, Walk};
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::json::{Object, TextOrBytes, Writer};

/// Most bytes that the names of namespaces and keys may take in memory.
const MAX_NAMES: usize = 4 << 20;

/// What is counted.
#[derive(Debug, Clone)]
pub struct Outline {
    /// Only keys that begin with this; their namespaces are what follows.
    pub prefix: Vec<u8>,
    /// What stands between a namespace and what is in it; not empty.
    pub separator: Vec<u8>,
    /// How many levels below the prefix are counted.
    pub depth: u32,
    /// Namespaces that are told apart, and keys whose names are given, at most.
    pub limit: usize,
}

/// A walk that counts.
pub struct TreeWalk<'a> {
    walk: Walk<'a>,
    counts: Counts<'a>,
    budget: Option<Budget>,
    until: Option<Deadline>,
    from_the_beginning: bool,
    total: Option<u64>,
    warnings: Warnings,
    ended_by: Option<EndedBy>,
}

impl Client {
    /// Begins at `cursor`; without a budget it goes to the end. `filter` must be that of the
    /// outline's prefix.
    pub fn tree<'a>(
        &'a self,
        outline: &'a Outline,
        filter: &'a Filter,
        cursor: &str,
        budget: Option<Budget>,
    ) -> Result<TreeWalk<'a>> {
        Ok(TreeWalk {
            walk: Walk::begin(self, filter, cursor)?,
            counts: Counts::new(outline),
            budget,
            until: budget.map(|budget| Deadline::after(budget.time)),
            from_the_beginning: cursor == cursor::END,
            total: None,
            warnings: Warnings::default(),
            ended_by: None,
        })
    }
}

impl TreeWalk<'_> {
    /// Asks how many keys there are in all; `null` where the server does not tell this user.
    pub async fn ask_total(&mut self, deadline: Deadline) -> Result<()> {
        let total = self.walk.client.size(deadline).await;
        self.total = self.warnings.unless_denied("total", total)?;
        Ok(())
    }

    /// Looks at some more keys.
    pub async fn step(&mut self, deadline: Deadline) -> Result<()> {
        let work = self.budget.map_or(MAX_WORK, |budget| MAX_WORK.min(budget.examined));
        let (_, keys) = self.walk.step(work, deadline).await?;
        for key in &keys {
            self.counts.add(key);
        }
        self.ended_by = if self.walk.is_over {
            Some(EndedBy::Keyspace)
        } else if self.budget.is_some_and(|budget| self.walk.examined() >= budget.examined) {
            Some(EndedBy::Examined)
        } else if self.until.is_some_and(Deadline::passed) {
            Some(EndedBy::Time)
        } else {
            None
        };
        Ok(())
    }

    /// Whether there is no more to look at, or no budget left.
    pub fn has_ended(&self) -> bool {
        self.ended_by.is_some()
    }

    /// Writes what was learned since the last time, as a [`TreeRecord`]; once it has ended, as a [`Tree`].
    pub fn write(&mut self, out: &mut Writer) -> Result<()> {
        let mut object = Object::open(out);
        self.counts.write(&mut object)?;
        object.member("examined", &self.walk.examined())?;
        object.member("total", &self.total)?;
        object.member("done", &self.has_ended())?;
        if let Some(ended_by) = self.ended_by {
            // What was walked a second time was counted twice.
            let may_be_incomplete = self.walk.may_be_incomplete || self.walk.restarts > 0;
            object.members(&TreeEnd {
                complete: self.from_the_beginning
                    && ended_by == EndedBy::Keyspace
                    && !may_be_incomplete,
                ended_by,
                cursor: self.walk.cursor(),
                limited: self.counts.limited,
                may_be_incomplete,
                warnings: &self.warnings,
            })?;
        }
        object.close();
        Ok(())
    }
}

/// Namespaces with their counts, and how much of the keyspace these stand for.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub struct Tree {
    #[serde(flatten)]
    counted: Counted,
    #[serde(flatten)]
    end: TreeEnd<'static>,
}

/// What is new; the last record also says how the walk ended.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub struct TreeRecord {
    #[serde(flatten)]
    counted: Counted,
    #[serde(flatten)]
    end: Option<TreeEnd<'static>>,
}

#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
struct Counted {
    /// Of a stream, those whose count has changed: it replaces what an earlier record said of them.
    namespaces: Vec<Namespace>,
    /// Keys that are in no namespace of the levels that are counted; of a stream, those not named before.
    keys: Vec<TextOrBytes>,
    /// How many such keys there are.
    leaf_keys: u64,
    /// Keys of namespaces that are not told apart, because there are too many.
    other_keys: u64,
    /// Keys that were looked at; an estimate while the server filters them.
    examined: u64,
    /// Keys of the database; `null` where the user may not know.
    total: Option<u64>,
    /// Whether this is the last of it.
    done: bool,
}

/// A namespace.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
struct Namespace {
    /// What its keys begin with, separator included.
    prefix: TextOrBytes,
    /// Keys in it, however deep.
    keys: u64,
}

/// How a walk ended.
#[derive(Serialize, JsonSchema)]
struct TreeEnd<'a> {
    /// Every key was examined, from the beginning on, and counted once.
    complete: bool,
    ended_by: EndedBy,
    /// Where to go on; `"0"` after the last key.
    cursor: String,
    /// There were more namespaces or keys than `limit`: some are counted without being named.
    limited: bool,
    /// Slots moved or another server took over: keys may have been missed, or counted twice.
    may_be_incomplete: bool,
    warnings: &'a Warnings,
}

/// Keys by namespace, as far as memory allows.
struct Counts<'a> {
    outline: &'a Outline,
    namespaces: BTreeMap<Vec<u8>, Count>,
    /// Keys that are in no namespace of the levels that are counted; whether each was told.
    leaves: BTreeMap<Vec<u8>, bool>,
    /// Bytes of names that are held.
    held: usize,
    leaf_keys: u64,
    /// Keys that are in a namespace which is not told apart.
    other_keys: u64,
    /// The limit was reached: a namespace, or the name of a leaf, was left out.
    limited: bool,
}

#[derive(Default)]
struct Count {
    keys: u64,
    told: u64,
}

impl<'a> Counts<'a> {
    fn new(outline: &'a Outline) -> Self {
        Self {
            outline,
            namespaces: BTreeMap::new(),
            leaves: BTreeMap::new(),
            held: 0,
            leaf_keys: 0,
            other_keys: 0,
            limited: false,
        }
    }

    fn add(&mut self, key: &[u8]) {
        let Outline { prefix, separator, depth, .. } = self.outline;
        if !key.starts_with(prefix) {
            return;
        }
        let (mut end, mut level, mut is_held) = (prefix.len(), 0, true);
        while level < *depth
            && let Some(at) = key[end..].windows(separator.len()).position(|w| w == separator)
        {
            end += at + separator.len();
            level += 1;
            is_held &= self.count(&key[..end]);
        }
        self.other_keys += u64::from(!is_held);
        if level < *depth {
            self.leaf_keys += 1;
            if !self.leaves.contains_key(key) && self.has_room(self.leaves.len(), key) {
                self.leaves.insert(key.to_vec(), false);
            }
        }
    }

    /// Counts a key of a namespace; `false` if there are too many to tell it apart.
    fn count(&mut self, namespace: &[u8]) -> bool {
        if let Some(count) = self.namespaces.get_mut(namespace) {
            count.keys += 1;
            return true;
        }
        if !self.has_room(self.namespaces.len(), namespace) {
            return false;
        }
        self.namespaces.insert(namespace.to_vec(), Count { keys: 1, told: 0 });
        true
    }

    fn has_room(&mut self, names: usize, name: &[u8]) -> bool {
        let has_room = names < self.outline.limit && self.held + name.len() <= MAX_NAMES;
        if has_room {
            self.held += name.len();
        } else {
            self.limited = true;
        }
        has_room
    }

    /// Writes the namespaces whose count has changed and the leaves that are new, in order.
    fn write(&mut self, object: &mut Object<'_>) -> Result<()> {
        let changed = self.namespaces.iter_mut().filter(|(_, c)| c.keys != c.told);
        object.key("namespaces").list(changed, |out, (namespace, count)| {
            let mut object = Object::open(out);
            object.key("prefix").text_or_bytes(namespace);
            object.key("keys").integer(count.keys.cast_signed());
            object.close();
            count.told = count.keys;
        });
        let new = self.leaves.iter_mut().filter(|(_, told)| !**told);
        object.key("keys").list(new, |out, (key, told)| {
            out.text_or_bytes(key);
            *told = true;
        });
        object.member("leaf_keys", &self.leaf_keys)?;
        object.member("other_keys", &self.other_keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn outline(depth: u32, limit: usize) -> Outline {
        Outline { prefix: b"p:".to_vec(), separator: b":".to_vec(), depth, limit }
    }

    fn written(counts: &mut Counts<'_>) -> Value {
        let mut out = Writer::new();
        let mut object = Object::open(&mut out);
        counts.write(&mut object).unwrap();
        object.close();
        serde_json::from_slice(&out.into_bytes()).unwrap()
    }

    #[test]
    fn each_level_is_counted_and_what_is_in_no_namespace_is_named() {
        let outline = outline(2, 100);
        let mut counts = Counts::new(&outline);
        for key in ["p:a:x", "p:a:y:1", "p:a:y:2:3", "p:b", "p:", "q:a:x", "p::z"] {
            counts.add(key.as_bytes());
        }
        assert_eq!(
            written(&mut counts),
            json!({
                "namespaces": [
                    { "prefix": "p::", "keys": 1 },
                    { "prefix": "p:a:", "keys": 3 },
                    { "prefix": "p:a:y:", "keys": 2 },
                ],
                "keys": ["p:", "p::z", "p:a:x", "p:b"],
                "leaf_keys": 4,
                "other_keys": 0,
            })
        );
    }

    #[test]
    fn only_what_is_new_is_told_again() {
        let outline = outline(1, 100);
        let mut counts = Counts::new(&outline);
        for key in ["p:a:1", "p:b:1", "p:x"] {
            counts.add(key.as_bytes());
        }
        written(&mut counts);
        for key in ["p:b:2", "p:x", "p:y"] {
            counts.add(key.as_bytes());
        }
        let told = written(&mut counts);
        assert_eq!(told["namespaces"], json!([{ "prefix": "p:b:", "keys": 2 }]));
        assert_eq!(told["keys"], json!(["p:y"]));
    }

    #[test]
    fn memory_is_bounded_and_what_is_left_out_is_counted() {
        let outline = outline(1, 3);
        let mut counts = Counts::new(&outline);
        for i in 0..1000 {
            counts.add(format!("p:{i}:k").as_bytes());
            counts.add(format!("p:{i}").as_bytes());
        }
        assert!(counts.limited);
        assert_eq!((counts.namespaces.len(), counts.leaves.len()), (3, 3));
        assert_eq!((counts.other_keys, counts.leaf_keys), (997, 1000));
        let long = [b"p:".to_vec(), vec![b'x'; MAX_NAMES]].concat();
        counts.add(&long);
        assert!(counts.held <= MAX_NAMES);
    }

    proptest! {
        #[test]
        fn every_key_below_the_prefix_is_counted_once(
            keys in proptest::collection::vec("[pq]?:?[ab:]{0,6}", 0..50)
        ) {
            let outline = outline(1, 1000);
            let mut counts = Counts::new(&outline);
            for key in &keys {
                counts.add(key.as_bytes());
            }
            let below = keys.iter().filter(|key| key.starts_with("p:")).count() as u64;
            let counted: u64 = counts.namespaces.values().map(|count| count.keys).sum();
            prop_assert_eq!(counted + counts.leaf_keys + counts.other_keys, below);
            for (namespace, count) in &counts.namespaces {
                let prefix = std::str::from_utf8(namespace).unwrap();
                let inside = keys.iter().filter(|key| key.starts_with(prefix)).count() as u64;
                prop_assert_eq!(count.keys, inside);
            }
        }
    }
}
