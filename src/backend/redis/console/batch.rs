//! Many small commands of one moment, sent as one pipeline, each with its own result.

use redis::Value;
use schemars::JsonSchema;

use crate::backend::redis::Client;
use crate::backend::redis::gate::{self, Command, Ruling};
use crate::backend::redis::wire::json::{self, PlainReply};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Fault, Result};
use crate::json::{Object, Writer};
use crate::permission::Permission;

/// Commands that one batch carries at most.
pub const MAX_COMMANDS: usize = 10_000;

/// What became of one command of a batch.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)] // it is written as it is read
pub enum BatchResult {
    /// The reply; of `HGETALL` as an object, where all names are text.
    Ok(PlainReply),
    /// Why there is none.
    Error(Fault<'static>),
}

/// A batch under construction.
#[derive(Debug, Default)]
pub struct Batch {
    commands: Commands,
    cost: u32,
    writes: bool,
    /// One per command asked for: what is sent, or why it is not.
    asked: Vec<Result<&'static Command>>,
}

impl Batch {
    /// Adds a command: its name, and then its arguments. One that is not accepted fails by itself
    /// and does not hold up the others.
    pub fn push(&mut self, args: &[&[u8]], may_write: bool) {
        self.asked.push(accept(args, may_write).map(|ruling| {
            self.commands.push(ruling.effect, ruling.keys.first().unwrap_or(0), args);
            self.cost = self.cost.saturating_add(ruling.cost(args.len()));
            self.writes |= ruling.effect == Effect::Write;
            ruling.command
        }));
    }

    /// What the commands that will be sent cost together.
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// Whether any of these changes something.
    pub fn writes(&self) -> bool {
        self.writes
    }

    /// How many commands were asked for.
    pub fn len(&self) -> usize {
        self.asked.len()
    }

    /// Whether none was asked for.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }
}

/// A batch takes what is about one key, so that it is known which command touches what another does.
fn accept(args: &[&[u8]], may_write: bool) -> Result<Ruling> {
    let ruling = gate::rule(args)?;
    let name = ruling.command.name;
    if ruling.permission == Permission::Admin || ruling.keys.only().is_none() {
        let message = format!("{name} cannot be part of a batch, which takes commands of one key");
        return Err(Error::new(Code::OperationNotAllowed, message));
    }
    if ruling.permission == Permission::Write && !may_write {
        return Err(Error::new(Code::PermissionDenied, format!("{name} needs write permission")));
    }
    Ok(ruling)
}

impl Client {
    /// Runs the batch and writes an array with one [`BatchResult`] per command.
    pub async fn batch(
        &self,
        batch: &Batch,
        request_id: &str,
        out: &mut Writer,
        deadline: Deadline,
    ) -> Result<()> {
        let mut results = self.run(&batch.commands, None, deadline).await;
        self.name_types(batch, &mut results, deadline).await;
        let mut results = results.into_iter();
        out.try_list(&batch.asked, |out, asked| {
            let result = match asked {
                Err(refused) => Err(refused.clone()),
                Ok(command) => results
                    .next()
                    .unwrap_or(Ok(Value::Nil))
                    .and_then(failure::check)
                    .map(|reply| (*command, reply)),
            };
            let mut object = Object::open(out);
            match result {
                Ok((Command { name: "HGETALL", .. }, reply)) => fields(object.key("ok"), reply),
                Ok((_, reply)) => json::write(object.key("ok"), &reply),
                Err(error) => object.member("error", &error.fault(request_id))?,
            }
            object.close();
            Ok(())
        })
    }

    /// Where a key was of the wrong type, finds out of which.
    async fn name_types(&self, batch: &Batch, results: &mut [Result<Value>], deadline: Deadline) {
        let mut wrong = Vec::new();
        let mut ask = Commands::default();
        for (i, result) in results.iter().enumerate() {
            if let Ok(Value::ServerError(error)) = result
                && error.code() == "WRONGTYPE"
                && let Some(key) = batch.commands.key(i)
            {
                ask.push(Effect::Read, 1, &[b"TYPE", key]);
                wrong.push(i);
            }
        }
        if wrong.is_empty() {
            return;
        }
        let types = self.run(&ask, None, deadline).await;
        for (i, found) in wrong.into_iter().zip(types) {
            if let Some(actual) = found.ok().as_ref().and_then(reply::text) {
                results[i] = Err(failure::wrong_type(&actual, None));
            }
        }
    }
}

fn fields(out: &mut Writer, reply: Value) {
    let flat = reply::elements(reply).unwrap_or_default();
    let pairs: Vec<(&[u8], &Value)> =
        flat.chunks_exact(2).filter_map(|pair| Some((reply::bytes(&pair[0])?, &pair[1]))).collect();
    let names: Option<Vec<&str>> =
        pairs.iter().map(|(name, _)| std::str::from_utf8(name).ok()).collect();
    let Some(names) = names else {
        return out.list(flat.chunks_exact(2), json::list);
    };
    let mut object = Object::open(out);
    for (name, (_, content)) in names.iter().zip(&pairs) {
        json::write(object.escaped_key(name), content);
    }
    object.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str, may_write: bool) -> Option<Code> {
        let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        accept(&args, may_write).err().map(|error| error.code())
    }

    #[test]
    fn a_batch_takes_commands_of_one_key_only() {
        for line in ["EVAL x 1 k", "FLUSHALL", "KEYS *", "MULTI", "BLPOP k 0", "RENAME a b", "PING"]
        {
            assert_eq!(refusal(line, true), Some(Code::OperationNotAllowed), "{line}");
        }
        for line in ["DEL a b", "EXISTS a b", "MGET a b", "GET", "NOPE a"] {
            assert_eq!(refusal(line, true), Some(Code::OperationNotAllowed), "{line}");
        }
        assert_eq!(refusal("get a", false), None);
        assert_eq!(refusal("OBJECT ENCODING a", false), None);
    }

    #[test]
    fn a_reader_cannot_write() {
        for line in ["SET a v", "GETEX a", "SORT a STORE a"] {
            assert!(refusal(line, false).is_some(), "{line}");
        }
        assert_eq!(refusal("BITFIELD a SET u8 0 1", false), Some(Code::PermissionDenied));
    }

    #[test]
    fn one_bad_command_does_not_hold_up_the_others() {
        let mut batch = Batch::default();
        batch.push(&[b"GET", b"a"], false);
        batch.push(&[b"NOPE", b"a"], false);
        batch.push(&[b"GET", b"b"], false);
        assert_eq!((batch.len(), batch.commands.len()), (3, 2));
    }
}
