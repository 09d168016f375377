//! What a server shows of itself: [`info`], what takes its [`memory`], its log of slow commands, its
//! clients, its settings and its databases. Of a cluster, those of each node. [`probe`] tries a target
//! step by step.

pub mod clients;
pub mod databases;
pub mod info;
pub mod memory;
mod probe;
pub(super) mod redact;
mod scalar;
pub mod settings;
pub mod slow_log;

use redis::Value;

pub use self::probe::probe;
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::servers::{Member, NodeName, Which};
use crate::backend::redis::wire::{Commands, failure};
use crate::deadline::Deadline;
use crate::error::Result;

/// What the servers answered to the same commands.
struct Answers {
    /// Of each server that answered, its replies; `None` for what it withholds from this user.
    from: Vec<(Option<NodeName>, Vec<Option<Value>>)>,
    warnings: Warnings,
}

impl Client {
    /// Asks servers. What one withholds is told as a warning about the field of that name; a node of
    /// a cluster that can't be reached is left out with a warning, unless that is all of them.
    async fn ask_all(
        &self,
        which: Which,
        fields: &[&'static str],
        commands: &Commands,
        deadline: Deadline,
    ) -> Result<Answers> {
        let members = self.members(which);
        let answers = self.ask_each(&members, commands, deadline).await;
        let mut warnings = Warnings::default();
        let mut from = Vec::with_capacity(members.len());
        let mut failed = None;
        for (Member { name, .. }, results) in members.into_iter().zip(answers) {
            let told = fields.iter().zip(results);
            match told.map(|(field, reply)| shown(field, reply, &mut warnings)).collect() {
                Ok(replies) => from.push((name, replies)),
                Err(error) => {
                    warnings.add("nodes", error.clone());
                    failed.get_or_insert(error);
                }
            }
        }
        match failed {
            Some(error) if from.is_empty() => Err(error),
            _ => Ok(Answers { from, warnings }),
        }
    }
}

fn shown(
    field: &'static str,
    reply: Result<Value>,
    warnings: &mut Warnings,
) -> Result<Option<Value>> {
    match reply? {
        Value::ServerError(error) => {
            let refused = failure::refused(&error);
            if !failure::is_denied(&Value::ServerError(error)) {
                return Err(refused);
            }
            warnings.add(field, refused);
            Ok(None)
        }
        value => Ok(Some(value)),
    }
}
