//! Which servers a client talks to, however they are addressed.

use redis::Value;

use super::commands::{Commands, Effect};
use super::info;
use super::members::Which;
use super::{Client, failure};
use crate::deadline::Deadline;

impl Client {
    /// Whether both reach the same keys: the same database of the same server. `None` where one of the
    /// users may not ask.
    pub async fn shares_keys_with(&self, other: &Self, deadline: Deadline) -> Option<bool> {
        let (mine, theirs) = tokio::join!(self.run_ids(deadline), other.run_ids(deadline));
        let (mine, theirs) = (mine?, theirs?);
        Some(self.db == other.db && mine.iter().any(|id| theirs.contains(id)))
    }

    /// What each primary calls itself since it was started.
    async fn run_ids(&self, deadline: Deadline) -> Option<Vec<String>> {
        let ask = Commands::one(Effect::Read, 0, &[b"INFO", b"server"]);
        let answers = self.ask_each(&self.members(Which::Primaries), &ask, deadline).await;
        let run_id = |answer: Result<Value, _>| info::run_id(&failure::check(answer.ok()?).ok()?);
        answers.into_iter().flatten().map(run_id).collect()
    }
}
