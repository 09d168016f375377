//! Who consumes a stream: groups, their consumers, and entries that were delivered and not
//! acknowledged.

mod facts;
mod pending;

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use self::facts::{ConsumerFacts, Facts, GroupFacts, StreamFacts};
pub use self::pending::{PendingPage, PendingQuery};
use crate::backend::redis::Client;
use crate::backend::redis::wire::{Commands, Effect, NO_ARGS, failure};
use crate::deadline::Deadline;
use crate::error::{Code, Result};
use crate::json::TextOrBytes;

/// Groups or consumers of one answer, at most. The server has no pages of them.
const MAX_LISTED: usize = 1000;

/// A stream with its groups.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StreamGroups {
    /// The key.
    key: TextOrBytes,
    #[schemars(with = "StreamFacts")]
    stream: Facts,
    /// The first thousand.
    #[schemars(with = "Vec<GroupFacts>")]
    groups: Vec<Facts>,
    /// Whether there are more.
    truncated: bool,
}

/// The consumers of a group.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroupConsumers {
    /// The key.
    key: TextOrBytes,
    /// The first thousand.
    #[schemars(with = "Vec<ConsumerFacts>")]
    consumers: Vec<Facts>,
    /// Whether there are more.
    truncated: bool,
}

impl Client {
    /// What `XINFO STREAM` says but for entries, and for each group what `XINFO GROUPS` says.
    pub async fn groups(&self, key: &[u8], deadline: Deadline) -> Result<StreamGroups> {
        let mut commands = Commands::with_capacity(2);
        commands.push_about(Effect::Read, "XINFO STREAM", key, NO_ARGS);
        commands.push_about(Effect::Read, "XINFO GROUPS", key, NO_ARGS);
        let [stream, groups] = self.about_stream(key, &commands, deadline).await?;
        let (groups, truncated) = facts::list(groups);
        Ok(StreamGroups {
            key: TextOrBytes(key.to_vec()),
            stream: facts::read(stream),
            groups,
            truncated,
        })
    }

    /// What `XINFO CONSUMERS` says.
    pub async fn consumers(
        &self,
        key: &[u8],
        group: &[u8],
        deadline: Deadline,
    ) -> Result<GroupConsumers> {
        let mut commands = Commands::with_capacity(1);
        commands.push_about(Effect::Read, "XINFO CONSUMERS", key, &[group]);
        let [consumers] = self.about_stream(key, &commands, deadline).await?;
        let (consumers, truncated) = facts::list(consumers);
        Ok(GroupConsumers { key: TextOrBytes(key.to_vec()), consumers, truncated })
    }

    /// Runs reads that fail if there is no such stream.
    async fn about_stream<const N: usize>(
        &self,
        key: &[u8],
        commands: &Commands,
        deadline: Deadline,
    ) -> Result<[Value; N]> {
        let replies = self.run_all(commands, deadline).await?;
        match replies.iter().find_map(failure::refusal) {
            None => Ok(replies),
            Some(error) if error.code() == Code::WrongType => {
                Err(self.wrong_type(key, "stream", deadline).await)
            }
            Some(error) if error.message().contains("no such key") => Err(failure::not_found(key)),
            Some(error) => Err(error),
        }
    }
}
