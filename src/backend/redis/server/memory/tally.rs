//! What was measured, by type, by prefix and by rank. Its memory does not grow with the keyspace.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use schemars::JsonSchema;
use serde::Serialize;

use super::Sample;
use crate::json::TextOrBytes;

/// Prefixes that are counted apart; keys of further ones are counted together.
const MAX_PREFIXES: usize = 10_000;

/// Bytes that the names of prefixes may take.
const MAX_NAMES: usize = 4 << 20;

/// What is known of a key.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) type_name: Option<String>,
    pub(super) bytes: Option<u64>,
    /// The logarithmic counter of the server, 0 to 255.
    pub(super) frequency: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Tally<'a> {
    sample: &'a Sample,
    pub(super) all: Group,
    types: BTreeMap<String, Group>,
    prefixes: HashMap<Vec<u8>, Group>,
    /// Keys of prefixes that are not counted apart.
    others: Group,
    held: usize,
    pub(super) biggest: Ranking,
    pub(super) hottest: Ranking,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Group {
    keys: u64,
    bytes: u64,
    largest: u64,
}

impl Group {
    fn add(&mut self, bytes: u64) {
        self.keys += 1;
        self.bytes += bytes;
        self.largest = self.largest.max(bytes);
    }

    pub(super) fn share(self, scale: Scale) -> Share {
        let sized = |bytes: u64| scale.has_sizes.then_some(bytes);
        Share {
            keys: self.keys,
            bytes: sized(self.bytes),
            average_bytes: sized(self.bytes.checked_div(self.keys).unwrap_or(0)),
            largest_bytes: sized(self.largest),
            estimated_keys: scale.up(self.keys),
            estimated_bytes: sized(self.bytes).and_then(|bytes| scale.up(bytes)),
        }
    }
}

/// What a sample says of the whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// How many keys stand behind one; `None` where the size of the keyspace is not known.
    pub(super) factor: Option<f64>,
    /// Whether the user may ask for sizes.
    pub(super) has_sizes: bool,
}

impl Scale {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate"
    )]
    fn up(self, count: u64) -> Option<u64> {
        self.factor.map(|factor| (count as f64 * factor).round() as u64)
    }
}

/// A part of what was measured; `null` for what the user may not know.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(rename = "MemoryShare")]
pub(super) struct Share {
    /// Keys that were measured.
    keys: u64,
    /// Bytes that they take.
    bytes: Option<u64>,
    average_bytes: Option<u64>,
    largest_bytes: Option<u64>,
    /// What that makes of the whole keyspace.
    estimated_keys: Option<u64>,
    estimated_bytes: Option<u64>,
}

/// What keys of a type take.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TypeShare {
    /// `unknown` where the user may not ask.
    #[serde(rename = "type")]
    type_name: String,
    #[serde(flatten)]
    share: Share,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Prefixes {
    /// The largest first. Keys without a separator have the empty prefix.
    prefixes: Vec<PrefixShare>,
    /// All further ones.
    other_prefixes: Share,
}

/// What keys with a prefix take.
#[derive(Debug, Serialize, JsonSchema)]
struct PrefixShare {
    prefix: TextOrBytes,
    #[serde(flatten)]
    share: Share,
}

/// A key among the first by size or use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "RankedKey")]
pub(super) struct Ranked {
    #[serde(skip)]
    rank: u64,
    key: TextOrBytes,
    /// `null` where the user may not ask.
    #[serde(rename = "type")]
    type_name: Option<String>,
    /// `null` where the user may not ask.
    bytes: Option<u64>,
    /// The server's logarithmic counter, 0 to 255, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency: Option<u64>,
}

/// The first of many.
#[derive(Debug)]
pub(super) struct Ranking {
    limit: usize,
    heap: BinaryHeap<Reverse<Ranked>>,
}

impl Ranking {
    fn new(limit: usize) -> Self {
        Self { limit, heap: BinaryHeap::new() }
    }

    fn offer(&mut self, rank: u64, make: impl FnOnce() -> Ranked) {
        let lowest = self.heap.peek().map(|Reverse(lowest)| lowest.rank);
        if self.heap.len() < self.limit || lowest.is_some_and(|lowest| rank > lowest) {
            let ranked = make();
            // A walk may give a key again.
            if self.heap.iter().any(|Reverse(known)| known.key == ranked.key) {
                return;
            }
            self.heap.push(Reverse(ranked));
            if self.heap.len() > self.limit {
                self.heap.pop();
            }
        }
    }

    pub(super) fn highest_first(&self) -> Vec<Ranked> {
        self.heap.clone().into_sorted_vec().into_iter().map(|Reverse(ranked)| ranked).collect()
    }
}

impl<'a> Tally<'a> {
    pub(super) fn new(sample: &'a Sample) -> Self {
        Self {
            sample,
            all: Group::default(),
            types: BTreeMap::new(),
            prefixes: HashMap::new(),
            others: Group::default(),
            held: 0,
            biggest: Ranking::new(sample.top),
            hottest: Ranking::new(sample.top),
        }
    }

    pub(super) fn add(&mut self, key: &[u8], measured: Measured) {
        let Measured { type_name, bytes, frequency } = measured;
        let size = bytes.unwrap_or(0);
        self.all.add(size);
        let type_of = type_name.as_deref().unwrap_or("unknown");
        match self.types.get_mut(type_of) {
            Some(group) => group.add(size),
            None => self.types.entry(type_of.to_owned()).or_default().add(size),
        }
        let prefix = prefix(key, &self.sample.separator, self.sample.depth);
        self.group(prefix).add(size);
        let rank = |rank: u64| Ranked {
            rank,
            key: TextOrBytes(key.to_vec()),
            type_name: type_name.clone(),
            bytes,
            frequency,
        };
        if bytes.is_some() {
            self.biggest.offer(size, || rank(size));
        }
        if let Some(frequency) = frequency {
            self.hottest.offer(frequency, || rank(frequency));
        }
    }

    fn group(&mut self, prefix: &[u8]) -> &mut Group {
        if !self.prefixes.contains_key(prefix) {
            if self.prefixes.len() == MAX_PREFIXES || self.held + prefix.len() > MAX_NAMES {
                return &mut self.others;
            }
            self.held += prefix.len();
        }
        self.prefixes.entry(prefix.to_vec()).or_default()
    }

    /// The largest first.
    pub(super) fn types(&self, scale: Scale) -> Vec<TypeShare> {
        let mut types: Vec<(&String, &Group)> = self.types.iter().collect();
        types.sort_by_key(|(_, group)| Reverse((group.bytes, group.keys)));
        let told = types.into_iter().map(|(type_name, group)| TypeShare {
            type_name: type_name.clone(),
            share: group.share(scale),
        });
        told.collect()
    }

    pub(super) fn prefixes(&self, scale: Scale) -> Prefixes {
        let mut prefixes: Vec<(&Vec<u8>, &Group)> = self.prefixes.iter().collect();
        prefixes.sort_by_key(|(name, group)| (Reverse((group.bytes, group.keys)), *name));
        let (told, rest) = prefixes.split_at(prefixes.len().min(self.sample.limit));
        let others = rest.iter().fold(self.others, |all, (_, group)| Group {
            keys: all.keys + group.keys,
            bytes: all.bytes + group.bytes,
            largest: all.largest.max(group.largest),
        });
        let told = told.iter().map(|(name, group)| PrefixShare {
            prefix: TextOrBytes((*name).clone()),
            share: group.share(scale),
        });
        Prefixes { prefixes: told.collect(), other_prefixes: others.share(scale) }
    }
}

/// The first parts of a key, at most so many, separators included.
fn prefix<'k>(key: &'k [u8], separator: &[u8], depth: u32) -> &'k [u8] {
    let mut end = 0;
    for _ in 0..depth {
        let rest = &key[end..];
        match rest.windows(separator.len()).position(|window| window == separator) {
            Some(at) => end += at + separator.len(),
            None => break,
        }
    }
    &key[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::keyspace::Filter;
    use proptest::prelude::*;
    use serde_json::json;

    fn sample(limit: usize, top: usize) -> Sample {
        let filter = Filter::default();
        Sample { filter, separator: b":".to_vec(), depth: 1, limit, top, samples: 5 }
    }

    const UNSCALED: Scale = Scale { factor: None, has_sizes: true };

    fn string(bytes: u64) -> Measured {
        Measured { type_name: Some("string".to_owned()), bytes: Some(bytes), frequency: None }
    }

    #[test]
    fn a_prefix_has_so_many_parts_at_most() {
        assert_eq!(prefix(b"a:b:c", b":", 1), b"a:");
        assert_eq!(prefix(b"a:b:c", b":", 2), b"a:b:");
        assert_eq!(prefix(b"a:b:c", b":", 9), b"a:b:");
        assert_eq!(prefix(b"a::b", b"::", 1), b"a::");
        assert_eq!(prefix(b"abc", b":", 1), b"");
        assert_eq!(prefix(b"", b":", 1), b"");
    }

    #[test]
    fn shares_are_told_the_largest_first_and_estimated() {
        let sample = sample(1, 2);
        let mut tally = Tally::new(&sample);
        for (key, bytes) in [("a:1", 10), ("a:2", 20), ("b:1", 100), ("c", 5)] {
            tally.add(key.as_bytes(), string(bytes));
        }
        let prefixes =
            serde_json::to_value(tally.prefixes(Scale { factor: Some(2.0), has_sizes: true }))
                .unwrap();
        assert_eq!(prefixes["prefixes"][0]["prefix"], "b:");
        assert_eq!(prefixes["prefixes"][0]["estimated_bytes"], 200);
        assert_eq!(prefixes["other_prefixes"]["keys"], 3);
        assert_eq!(prefixes["other_prefixes"]["largest_bytes"], 20);
        let biggest = serde_json::to_value(tally.biggest.highest_first()).unwrap();
        assert_eq!(biggest[0], json!({ "key": "b:1", "type": "string", "bytes": 100 }));
        assert_eq!(biggest.as_array().unwrap().len(), 2);
    }

    #[test]
    fn sizes_that_are_not_known_are_not_zero() {
        let sample = sample(1, 5);
        let mut tally = Tally::new(&sample);
        tally.add(b"a", Measured { type_name: None, bytes: None, frequency: None });
        let types = tally.types(Scale { factor: Some(1.0), has_sizes: false });
        let told = serde_json::to_value(types).unwrap();
        assert_eq!((&told[0]["type"], &told[0]["bytes"]), (&json!("unknown"), &json!(null)));
        assert!(tally.biggest.highest_first().is_empty());
    }

    #[test]
    fn a_key_that_comes_twice_is_ranked_once() {
        let sample = sample(1, 5);
        let mut tally = Tally::new(&sample);
        for _ in 0..3 {
            tally.add(b"a", string(10));
        }
        assert_eq!(tally.biggest.highest_first().len(), 1);
    }

    #[test]
    fn memory_is_bounded_and_nothing_is_left_out() {
        let sample = sample(10, 5);
        let mut tally = Tally::new(&sample);
        for i in 0..MAX_PREFIXES + 500 {
            tally.add(format!("{i}:k").as_bytes(), string(1));
        }
        assert_eq!((tally.prefixes.len(), tally.others.keys), (MAX_PREFIXES, 500));
        let told = serde_json::to_value(tally.prefixes(UNSCALED)).unwrap();
        assert_eq!(told["other_prefixes"]["keys"], MAX_PREFIXES + 490);
    }

    proptest! {
        #[test]
        fn the_shares_add_up(keys in proptest::collection::vec(("[ab:]{0,5}", 0_u64..100), 0..60)) {
            let sample = sample(2, 3);
            let mut tally = Tally::new(&sample);
            for (key, bytes) in &keys {
                tally.add(key.as_bytes(), string(*bytes));
            }
            let told = tally.prefixes(UNSCALED);
            let shares = told.prefixes.iter().map(|p| p.share).chain([told.other_prefixes]);
            let (count, bytes) = shares.fold((0, 0), |(k, b), s| (k + s.keys, b + s.bytes.unwrap()));
            prop_assert_eq!(count, keys.len() as u64);
            prop_assert_eq!(bytes, keys.iter().map(|(_, bytes)| bytes).sum::<u64>());
        }
    }
}
