//! One change of many keys, as one pipeline, each with its own result.

use redis::Value;

use crate::backend::redis::Client;
use crate::backend::redis::wire::failure::is_denied;
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::Result;

/// What is done to each key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Deletes it.
    Delete,
    /// Sets the milliseconds that it has left.
    Expire(u64),
    /// Lets it live on.
    Persist,
}

impl Client {
    /// Changes each key; `false` where there was nothing to change. Commands that were proven not to
    /// have run, because no server could be reached or none was ready, are sent again until the
    /// deadline. One whose answer was lost is not: its outcome is `unknown`.
    pub async fn change(
        &self,
        change: Change,
        keys: &[Vec<u8>],
        deadline: Deadline,
    ) -> Vec<Result<bool>> {
        let unlink = self.unlink.may_exist();
        let mut results = self.for_each(keys, deadline, |c, key| change.push(c, key, unlink)).await;
        if change == Change::Delete && unlink {
            self.delete_denied(keys, &mut results, deadline).await;
        }
        let changed = |reply: Value| reply::integer(&reply) == Some(1);
        results.into_iter().map(|result| result.and_then(failure::check).map(changed)).collect()
    }

    /// Tries `DEL` where `UNLINK` is denied: an ACL may know only the older of the two.
    async fn delete_denied(
        &self,
        keys: &[Vec<u8>],
        results: &mut [Result<Value>],
        deadline: Deadline,
    ) {
        let denied: Vec<usize> =
            (0..keys.len()).filter(|&i| results[i].as_ref().is_ok_and(is_denied)).collect();
        if denied.is_empty() {
            return;
        }
        let keys: Vec<&Vec<u8>> = denied.iter().map(|&i| &keys[i]).collect();
        let deleted =
            self.for_each(&keys, deadline, |c, key| Change::Delete.push(c, key, false)).await;
        for (i, deleted) in denied.into_iter().zip(deleted) {
            if matches!(deleted, Ok(Value::Int(_))) {
                self.unlink.set_missing();
            }
            results[i] = deleted;
        }
    }
}

impl Change {
    fn push(self, commands: &mut Commands, key: &[u8], unlink: bool) {
        match self {
            Self::Delete if unlink => commands.push(Effect::Write, 1, &[b"UNLINK", key]),
            Self::Delete => commands.push(Effect::Write, 1, &[b"DEL", key]),
            Self::Expire(ms) => {
                let ms = ms.to_string();
                commands.push(Effect::Write, 1, &[b"PEXPIRE", key, ms.as_bytes()]);
            }
            Self::Persist => commands.push(Effect::Write, 1, &[b"PERSIST", key]),
        }
    }
}
