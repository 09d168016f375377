//! What became of each key, which is counted once.

use super::super::problems::is_gone;
use super::super::visits::{Fate, Visits};
use super::copy::Settled;
use super::record::KeysBulk;
use crate::error::Result;
use crate::operations::transfer::{Problem, Work};
use crate::outcome::Outcome;

/// Keys that were met.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) examined: u64,
    pub(super) matched: u64,
    pub(super) visits: Visits,
}

impl Tally {
    /// Counts what became of some keys. Fails where it makes no sense to go on: something said so, or
    /// all of them failed because no server could be reached.
    pub(super) fn settle(&mut self, settled: Settled, work: &mut Work<'_, KeysBulk>) -> Result<()> {
        let Settled { keys, over } = settled;
        for (key, result) in &keys {
            self.count(key, result, work);
        }
        let error = |(_, result): &(Vec<u8>, Result<bool>)| result.as_ref().err().cloned();
        let all_gone = keys.iter().all(|key| error(key).as_ref().is_some_and(is_gone));
        match over.or_else(|| keys.first().filter(|_| all_gone).and_then(error)) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Counts what became of one key, and tells of it if it went wrong.
    fn count(&mut self, key: &[u8], result: &Result<bool>, work: &mut Work<'_, KeysBulk>) {
        let (before, now) = self.visits.note(
            key,
            match result {
                Ok(true) => Fate::Done,
                Ok(false) => Fate::Skipped,
                Err(error) if error.known_outcome() == Outcome::Unknown => Fate::Unknown,
                Err(_) => Fate::Failed,
            },
        );
        match before {
            Some(before) => *count_of(work, before) -= 1,
            None => self.matched += 1,
        }
        *count_of(work, now) += 1;
        if let Err(error) = result
            && before != Some(now)
        {
            work.problem(Problem::new(None, Some(key), error));
        }
    }
}

fn count_of<'w>(work: &'w mut Work<'_, KeysBulk>, fate: Fate) -> &'w mut u64 {
    match fate {
        Fate::Done => &mut work.done,
        Fate::Skipped => &mut work.skipped,
        Fate::Failed => &mut work.failed,
        Fate::Unknown => &mut work.unknown,
    }
}
