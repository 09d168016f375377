//! A transaction that runs only if what was seen before it still stands: `WATCH`, look, `MULTI …
//! EXEC`, on one connection.
//!
//! This is how a key is written under a condition that the command itself can't have. A script could
//! do the same in one round trip; but the right to run scripts is the right to run anything, and
//! users who may write often lack it. `WATCH` needs no more than the category `@transaction`.

use std::borrow::Cow;
use std::time::Duration;

use rand::Rng;
use redis::Value;

use super::execute::{MAX_REDIRECTS, backoff};
use super::group::{Waiting, gather};
use super::transaction::{self, Executed};
use crate::backend::redis::Client;
use crate::backend::redis::servers::Lease;
use crate::backend::redis::wire::failure::{self, Refusal};
use crate::backend::redis::wire::{Commands, Effect};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;

/// How often it is tried again because someone else wrote the key in between.
const MAX_CONTENTION: u32 = 32;

/// The longest wait before that.
const CONTENTION_PAUSE: Duration = Duration::from_millis(5);

/// Makes the transaction's commands, all about the one key, of what was seen; or says why there is
/// none.
pub(super) type Decide<'c> = dyn Fn(&[Value]) -> Result<Cow<'c, Commands>> + Send + Sync + 'c;

/// How an attempt ended.
enum Attempt {
    /// The replies of `EXEC`.
    Done(Vec<Value>),
    /// Someone wrote the key in between; nothing was run.
    Overtaken,
    /// The server refused it, or the connection was lost before anything was written.
    Refused(Option<Refusal>, Error),
}

impl Client {
    /// Runs `look`, reads about `key`, and then, with nothing in between, what `decide` makes of
    /// their replies. Returns the transaction's replies.
    pub(crate) async fn watched(
        &self,
        key: &[u8],
        look: &Commands,
        decide: &Decide<'_>,
        deadline: Deadline,
    ) -> Result<Vec<Value>> {
        let mut watch = Commands::one(Effect::Read, 1, &[b"WATCH", key]);
        watch.append(look);
        // Sent with the look: where it is refused, the commands behind it would run by themselves.
        watch.push(Effect::Read, 0, &[b"MULTI"]);
        let mut unit = Waiting::new(0, self.find_node(Some(key), deadline).await?);
        let (mut redirects, mut overtaken) = (0, 0);
        loop {
            let (refusal, cause) = match attempt(&unit, &watch, decide, deadline).await {
                Ok(Attempt::Done(replies)) => return Ok(replies),
                Ok(Attempt::Overtaken) if overtaken == MAX_CONTENTION => return Err(too_busy(key)),
                Ok(Attempt::Overtaken) => {
                    overtaken += 1;
                    let pause = CONTENTION_PAUSE.mul_f64(rand::rng().random_range(0.0..1.0));
                    let _ = deadline.run(tokio::time::sleep(pause)).await;
                    continue;
                }
                Ok(Attempt::Refused(refusal, cause)) => (refusal, cause),
                // Another may have taken the place of a server that can't be reached.
                Err(cause)
                    if cause.known_outcome() == Outcome::NotApplied && self.may_move(&cause) =>
                {
                    (None, cause)
                }
                Err(error) => return Err(error),
            };
            if redirects == MAX_REDIRECTS {
                return Err(cause);
            }
            unit.place_anew();
            if let Some(refusal) = refusal {
                self.redirect(&mut unit, &refusal)?;
            }
            if !unit.asking {
                let _ = deadline.run(tokio::time::sleep(backoff(redirects))).await;
                self.look_again(&watch, std::slice::from_mut(&mut unit), deadline).await;
            }
            redirects += 1;
        }
    }
}

/// Tries once.
async fn attempt(
    unit: &Waiting,
    watch: &Commands,
    decide: &Decide<'_>,
    deadline: Deadline,
) -> Result<Attempt> {
    let mut lease = unit.node.lease(deadline).await?;
    let seen = match ask(&mut lease, watch, unit.asking, Outcome::NotApplied, deadline).await {
        Ok(seen) => seen,
        Err(cause) if cause.code() == Code::DbConnectionFailed => {
            return Ok(Attempt::Refused(None, cause));
        }
        Err(error) => return Err(error),
    };
    let commands = match decided(&seen, decide) {
        Ok(commands) => commands,
        Err(ended) => {
            // Closing is the surest way to unwatch.
            lease.close();
            return ended;
        }
    };
    // `ASKING` holds for all of a transaction.
    let mut run = commands.into_owned();
    run.push(Effect::Write, 0, &[b"EXEC"]);
    let mut replies = ask(&mut lease, &run, false, Outcome::Unknown, deadline).await?;
    let exec = replies.pop().unwrap_or(Value::Nil);
    match transaction::executed(replies, exec) {
        Executed::Whole(replies) => Ok(Attempt::Done(replies)),
        Executed::Overtaken => Ok(Attempt::Overtaken),
        Executed::Refused(refusal) => {
            lease.close();
            let Value::ServerError(refused) = &refusal else {
                return Err(failure::unexpected("EXEC").outcome(Outcome::Unknown));
            };
            match Refusal::of(refused) {
                Some(refusal) => Ok(Attempt::Refused(Some(refusal), failure::refused(refused))),
                None => Err(failure::refused(refused)),
            }
        }
        Executed::Broken(error) => {
            lease.close();
            Err(error)
        }
    }
}

/// What to run after what was seen.
fn decided<'c>(
    seen: &[Value],
    decide: &Decide<'c>,
) -> std::result::Result<Cow<'c, Commands>, Result<Attempt>> {
    if let Some((refusal, error)) =
        seen.iter().filter_map(server_error).find_map(|e| Some((Refusal::of(e)?, e)))
    {
        return Err(Ok(Attempt::Refused(Some(refusal), failure::refused(error))));
    }
    match seen {
        [watched, seen @ .., began] => {
            if let Some(error) = [watched, began].into_iter().find_map(server_error) {
                let refused = failure::refused(error);
                if !failure::is_about_a_command(&refused) {
                    return Err(Err(refused));
                }
                return Err(Err(refused.context(
                    "this is written between WATCH, MULTI and EXEC, so that nothing comes in \
                     between, and the Redis user needs the right to use them (@transaction)",
                )));
            }
            decide(seen).map_err(Err)
        }
        _ => Err(Err(Error::internal("a reply is missing"))),
    }
}

async fn ask(
    lease: &mut Lease,
    commands: &Commands,
    asking: bool,
    outcome: Outcome,
    deadline: Deadline,
) -> Result<Vec<Value>> {
    let request = gather(commands, (0..commands.len()).map(|index| (index, asking)));
    let each = if asking { 2 } else { 1 };
    let expected = commands.len() * each;
    let replies = lease.connection.ask(&request, expected, outcome, deadline).await?;
    Ok(replies.into_iter().skip(each - 1).step_by(each).collect())
}

fn server_error(value: &Value) -> Option<&redis::ServerError> {
    match value {
        Value::ServerError(error) => Some(error),
        _ => None,
    }
}

fn too_busy(key: &[u8]) -> Error {
    let key = String::from_utf8_lossy(key);
    let message = format!("the key {key:?} is written by others all the time; nothing was changed");
    Error::new(Code::Conflict, message)
}
