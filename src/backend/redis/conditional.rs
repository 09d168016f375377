//! A transaction that runs only if its key exists, or only if it does not, with nothing in
//! between: `WATCH`, look, `MULTI … EXEC`, on one connection.

use redis::Value;

use super::Client;
use super::commands::{Commands, Effect};
use super::execute::{MAX_REDIRECTS, backoff};
use super::failure::{self, Refusal};
use super::group::Waiting;
use super::reply;
use super::write::{Condition, executed};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// Why an attempt changed nothing.
struct Again {
    /// What the server refused it with; `None` if the key changed in between, or the connection
    /// was lost before anything was written.
    refusal: Option<Refusal>,
    cause: Error,
}

impl Client {
    /// Runs the one transaction of `commands`, which is about `key`.
    pub(super) async fn write_if(
        &self,
        key: &[u8],
        commands: &Commands,
        condition: Condition,
        deadline: Deadline,
    ) -> Result<()> {
        let mut unit = Waiting::new(0, self.node_of(Some(key))?);
        for round in 0.. {
            let Some(Again { refusal, cause }) =
                attempt(&unit, key, commands, condition, deadline).await?
            else {
                break;
            };
            if round == MAX_REDIRECTS {
                return Err(cause);
            }
            unit.redirected = false;
            unit.asking = false;
            if let Some(refusal) = refusal {
                self.redirect(&mut unit, &refusal)?;
            }
            if !unit.asking {
                let _ = deadline.run(tokio::time::sleep(backoff(round))).await;
                self.look_again(commands, None, std::slice::from_mut(&mut unit), deadline).await;
            }
        }
        Ok(())
    }
}

/// Tries once; `None` when it is done.
async fn attempt(
    unit: &Waiting,
    key: &[u8],
    commands: &Commands,
    condition: Condition,
    deadline: Deadline,
) -> Result<Option<Again>> {
    let mut lease = unit.node.lease(deadline).await?;
    let mut look = Commands::with_capacity(5);
    for command in [b"WATCH".as_slice(), b"EXISTS"] {
        if unit.asking {
            look.push(Effect::Read, 0, &[b"ASKING"]);
        }
        look.push(Effect::Read, 1, &[command, key]);
    }
    let looked = match lease.ask(&look, Outcome::NotApplied, deadline).await {
        Ok(looked) => looked,
        Err(cause) if cause.code() == Code::DbConnectionFailed => {
            return Ok(Some(Again { refusal: None, cause }));
        }
        Err(error) => return Err(error),
    };
    if let Some(again) = refused(&looked)? {
        // Closing is the surest way to unwatch.
        lease.retire();
        return Ok(Some(again));
    }
    let exists = looked.last().and_then(reply::integer) == Some(1);
    if exists != (condition == Condition::Present) {
        lease.retire();
        return Err(condition.failed(key));
    }
    if unit.asking {
        // It holds for the transaction: `MULTI` keeps it.
        let asking = Commands::one(Effect::Read, 0, &[b"ASKING"]);
        lease.ask(&asking, Outcome::NotApplied, deadline).await?;
    }
    let replies = lease.ask(commands, Outcome::Unknown, deadline).await?;
    if let Some(again) = refused(&replies)? {
        return Ok(Some(again));
    }
    match replies.into_iter().last() {
        // Someone wrote the key in between.
        Some(Value::Nil) => Ok(Some(Again { refusal: None, cause: condition.failed(key) })),
        exec => executed(exec.unwrap_or(Value::Nil)).map(|()| None),
    }
}

/// The first refusal among the replies; one that trying again can't help is an error.
fn refused(replies: &[Value]) -> Result<Option<Again>> {
    let first = replies.iter().find_map(|reply| match reply {
        Value::ServerError(error) => Some(error),
        _ => None,
    });
    let Some(error) = first else { return Ok(None) };
    let cause = failure::refused(error);
    match Refusal::of(error) {
        Some(refusal) => Ok(Some(Again { refusal: Some(refusal), cause })),
        None => Err(cause),
    }
}
