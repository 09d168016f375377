//! How much of the keyspace a filter reaches, before anything is done to it.
//!
//! Each step of a `SCAN` is asked for twice in one pipeline, with the filter and without: what only the
//! second names, the filter spares. So the server itself says what fits, and no look at the pattern does.
//! `SCAN` has an order that says nothing about names, so the first keys are a fair sample of many.

use std::collections::HashSet;

use super::filter::Filter;
use super::walk::{page, push_scan};
use crate::backend::redis::Client;
use crate::backend::redis::run::exactly;
use crate::backend::redis::wire::{Commands, failure};
use crate::deadline::Deadline;
use crate::error::Result;

/// Keys that are looked at, about.
const SAMPLE: u64 = 10_000;

/// Keys that one call of `SCAN` looks at.
const WORK: u64 = 1_000;

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// Keys that were looked at.
    pub looked_at: u64,
    /// Those of them that fit.
    pub matched: u64,
    /// Whether these are all keys that there are.
    pub complete: bool,
}

impl Reach {
    /// Whether no key was found that is spared.
    pub fn spares_nothing(&self) -> bool {
        self.looked_at > 0 && self.matched == self.looked_at
    }

    /// Whether more keys fit than don't.
    pub fn is_most(&self) -> bool {
        self.matched > self.looked_at - self.matched
    }

    /// Whether at least nine keys of ten fit; of fewer than ten that would have to be all.
    pub fn is_nearly_all(&self) -> bool {
        self.matched > 0 && self.matched / 9 >= self.looked_at - self.matched
    }
}

impl Client {
    /// Looks how much the filter reaches.
    pub async fn reach(&self, filter: &Filter, deadline: Deadline) -> Result<Reach> {
        let stations = self.stations();
        let prefix = filter.prefix();
        let share = (SAMPLE / stations.len().max(1) as u64).max(WORK);
        let mut reach = Reach { complete: true, ..Reach::default() };
        for station in stations {
            let mut own = 0;
            let mut position = 0;
            loop {
                let mut both = Commands::with_capacity(2);
                push_scan(&mut both, position, None, WORK, None);
                push_scan(&mut both, position, filter.pattern(), WORK, filter.type_name.as_deref());
                let pages = exactly(self.run(&both, Some(&station.node), deadline).await);
                let [all, matching] = pages.map(|reply| page(failure::check(reply?)?));
                let ((after, all), (after_matching, matching)) = (all?, matching?);
                let matching: HashSet<Vec<u8>> = matching.into_iter().collect();
                // A cluster may walk only the slot that the pattern names; then names must do.
                let same_way = after == after_matching;
                let is_spared = |key: &&Vec<u8>| {
                    !matching.contains(*key) && (same_way || !key.starts_with(&prefix))
                };
                let spared = all.iter().filter(is_spared).count() as u64;
                let matched = matching.len() as u64;
                reach.matched += matched;
                reach.looked_at += matched + spared;
                own += matched + spared;
                position = after;
                if position == 0 {
                    break;
                }
                if own >= share {
                    reach.complete = false;
                    break;
                }
            }
        }
        Ok(reach)
    }
}
