//! Answers that may be served again for a while.
//!
//! The key carries the connection's version and the effective role; a change made through the
//! package raises the connection's epoch, so that no answer from before it is found again. Errors
//! are never kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use uuid::Uuid;

use crate::permission::Permission;

/// Total size of the answers that are kept, in bytes.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// The longest time that any operation asks for.
const LONGEST: Duration = Duration::from_secs(600);

/// What an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnswerKey {
    operation: &'static str,
    connection: Uuid,
    version: i64,
    granted: Permission,
    epoch: u64,
    params: String,
}

#[derive(Debug, Clone)]
struct Answer {
    body: Vec<u8>,
    until: Instant,
}

/// The answers that are kept.
#[derive(Debug)]
pub struct Answers {
    kept: Cache<AnswerKey, Answer>,
    epochs: Cache<Uuid, u64>,
    next_epoch: AtomicU64,
}

impl Default for Answers {
    fn default() -> Self {
        // Keys hold what was asked, which may be longer than the answer.
        let weigh = |key: &AnswerKey, answer: &Answer| {
            u32::try_from(key.params.len() + answer.body.len()).unwrap_or(u32::MAX)
        };
        Self {
            kept: Cache::builder()
                .max_capacity(CAPACITY)
                .weigher(weigh)
                .time_to_live(LONGEST)
                .build(),
            // An epoch must outlive every answer that was kept under the one before it.
            epochs: Cache::builder().time_to_live(LONGEST * 2).build(),
            next_epoch: AtomicU64::new(1),
        }
    }
}

impl Answers {
    /// The key of what an operation is asked of a connection of this version.
    pub fn key(
        &self,
        operation: &'static str,
        (connection, version): (Uuid, i64),
        granted: Permission,
        params: String,
    ) -> AnswerKey {
        let epoch = self.epochs.get(&connection).unwrap_or(0);
        AnswerKey { operation, connection, version, granted, epoch, params }
    }

    /// The body of an answer that is still good.
    pub fn get(&self, key: &AnswerKey) -> Option<Vec<u8>> {
        let answer = self.kept.get(key)?;
        (answer.until > Instant::now()).then_some(answer.body)
    }

    /// Keeps the body of an answer for this long.
    pub fn put(&self, key: AnswerKey, body: Vec<u8>, time: Duration) {
        self.kept.insert(key, Answer { body, until: Instant::now() + time });
    }

    /// Forgets all answers about a connection.
    pub fn forget(&self, connection: Uuid) {
        self.epochs.insert(connection, self.next_epoch.fetch_add(1, Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_counts_as_well_as_the_answer() {
        let answers = Answers::default();
        for n in 0..64 {
            let params = format!("{n} {}", "x".repeat(1 << 20));
            let asked =
                answers.key("postgres.tables.list", (Uuid::nil(), 1), Permission::Read, params);
            answers.put(asked, b"[]".to_vec(), LONGEST);
        }
        answers.kept.run_pending_tasks();
        assert!(answers.kept.entry_count() <= 16, "{}", answers.kept.entry_count());
    }
}
