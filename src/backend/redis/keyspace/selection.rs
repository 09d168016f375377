//! The way through many keys: a list of them, or a sweep over the keyspace.

use super::cursor;
use super::filter::Filter;
use super::sweep::{Found, Sweep};
use crate::backend::redis::Client;
use crate::backend::redis::wire::{Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::Result;

/// Keys of a list that are taken together at most.
const BATCH: usize = 1_000;

/// A way that can be left and taken up again.
#[derive(Debug)]
pub enum Selection {
    /// These keys, those of a type only if one is given.
    Keys {
        /// In the order in which they are taken.
        keys: Vec<Vec<u8>>,
        /// How many were taken.
        taken: usize,
        /// How many are taken together.
        batch: usize,
        /// As `TYPE` names it.
        type_name: Option<String>,
    },
    /// All that fit a filter.
    Sweep(Sweep),
}

impl Selection {
    /// Along a list.
    pub fn of_keys(keys: Vec<Vec<u8>>) -> Self {
        Self::Keys { keys, taken: 0, batch: BATCH, type_name: None }
    }

    /// Along all keys that fit.
    pub fn of(filter: Filter) -> Self {
        match filter.literal() {
            Some(key) => {
                Self::Keys { keys: vec![key], taken: 0, batch: BATCH, type_name: filter.type_name }
            }
            None => Self::Sweep(Sweep::new(filter)),
        }
    }

    /// Goes on where the same course gave this cursor.
    pub fn resume(self, cursor: &str) -> Result<Self> {
        Ok(match self {
            Self::Sweep(sweep) => Self::Sweep(sweep.resume(cursor)?),
            Self::Keys { keys, batch, type_name, .. } => {
                let taken = usize::try_from(cursor::position(cursor)?).unwrap_or(usize::MAX);
                let taken = taken.min(keys.len());
                Self::Keys { keys, taken, batch, type_name }
            }
        })
    }

    /// Where to go on after what was found so far.
    pub fn cursor(&self) -> String {
        match self {
            Self::Keys { taken, .. } => taken.to_string(),
            Self::Sweep(sweep) => sweep.cursor(),
        }
    }

    /// Whether something may have been missed.
    pub fn may_be_incomplete(&self) -> bool {
        matches!(self, Self::Sweep(sweep) if sweep.may_be_incomplete())
    }

    /// Looks at about so many keys at once, at most 1,000.
    pub fn set_work(&mut self, keys: u64) {
        match self {
            Self::Keys { batch, .. } => {
                *batch = usize::try_from(keys).unwrap_or(BATCH).clamp(1, BATCH);
            }
            Self::Sweep(sweep) => sweep.set_work(keys),
        }
    }

    /// The next keys, perhaps none; `None` at the end.
    pub async fn next(&mut self, client: &Client, deadline: Deadline) -> Result<Option<Found>> {
        let (keys, taken, batch, type_name) = match self {
            Self::Sweep(sweep) => return client.sweep(sweep, deadline).await,
            Self::Keys { keys, taken, batch, type_name } => (keys, taken, batch, type_name),
        };
        let batch: Vec<Vec<u8>> = keys.iter().skip(*taken).take(*batch).cloned().collect();
        if batch.is_empty() {
            return Ok(None);
        }
        let examined = batch.len();
        let batch = match type_name {
            Some(type_name) => of_type(client, batch, type_name, deadline).await?,
            None => batch,
        };
        *taken += examined;
        Ok(Some(Found { keys: batch, examined: examined as u64, node: None }))
    }
}

async fn of_type(
    client: &Client,
    mut keys: Vec<Vec<u8>>,
    wanted: &str,
    deadline: Deadline,
) -> Result<Vec<Vec<u8>>> {
    let ask = client.for_each(&keys, deadline, |c, key| c.push(Effect::Read, 1, &[b"TYPE", key]));
    let types = ask.await.into_iter().map(|reply| reply.and_then(failure::check));
    let types: Vec<_> = types.collect::<Result<_>>()?;
    let mut types = types.iter().map(reply::text);
    keys.retain(|_| types.next().flatten().is_some_and(|found| found.eq_ignore_ascii_case(wanted)));
    Ok(keys)
}
