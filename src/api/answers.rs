//! Answers that may be served again for a while.
//!
//! The key carries the connection's version and the effective role; a change made through the
//! package raises the connection's epoch, so that no answer from before it is found again. Errors
//! are never kept.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use uuid::Uuid;

use super::operation::Operation;
use super::params::Params;
use super::reply::{Body, Reply};
use crate::context::Context;
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
    /// The key of a request, if its answer may be kept at all.
    pub fn key(&self, operation: &Operation, cx: &Context, params: &Params) -> Option<AnswerKey> {
        operation.cache?;
        let connection = cx.connection.as_ref()?;
        Some(AnswerKey {
            operation: operation.name,
            connection: connection.id,
            version: connection.version,
            granted: cx.granted,
            epoch: self.epochs.get(&connection.id).unwrap_or(0),
            params: params.fingerprint(),
        })
        .filter(|_| !cx.fresh)
    }

    /// An answer that is still good.
    pub fn get(&self, key: &AnswerKey) -> Option<Reply> {
        let answer = self.kept.get(key)?;
        let body = || Body::Whole(answer.body.clone());
        (answer.until > Instant::now()).then(|| Reply { status: 200, body: body() })
    }

    /// Keeps an answer.
    pub fn put(&self, operation: &Operation, key: AnswerKey, reply: &Reply) {
        let Body::Whole(body) = &reply.body else { return };
        if let Some(time) = operation.cache.filter(|_| reply.status == 200) {
            let answer = Answer { body: body.clone(), until: Instant::now() + time };
            self.kept.insert(key, answer);
        }
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
            let key = AnswerKey {
                operation: "postgres.tables.list",
                connection: Uuid::nil(),
                version: 1,
                granted: Permission::Read,
                epoch: n,
                params: "x".repeat(1 << 20),
            };
            let until = Instant::now() + LONGEST;
            answers.kept.insert(key, Answer { body: b"[]".to_vec(), until });
        }
        answers.kept.run_pending_tasks();
        assert!(answers.kept.entry_count() <= 16, "{}", answers.kept.entry_count());
    }
}
