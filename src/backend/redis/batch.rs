//! Many small commands of one moment, sent as one pipeline, each with its own result.

use redis::Value;

use super::commands::{Commands, Effect};
use super::{Client, failure, reply, value};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::json::Writer;

/// Commands that one batch carries at most.
pub const MAX_COMMANDS: usize = 10_000;

/// A command that a batch accepts: about one key, not blocking, leaving the session as it is.
#[derive(Debug)]
struct Verb {
    name: &'static str,
    effect: Effect,
    /// Arguments besides the name.
    min: usize,
    max: usize,
}

const fn read(name: &'static str, min: usize, max: usize) -> Verb {
    Verb { name, effect: Effect::Read, min, max }
}

const fn write(name: &'static str, min: usize, max: usize) -> Verb {
    Verb { name, effect: Effect::Write, min, max }
}

const MANY: usize = 4096;

/// Everything that a batch accepts, the most frequent first.
const VERBS: &[Verb] = &[
    read("GET", 1, 1),
    write("SET", 2, 7),
    write("DEL", 1, 1),
    read("EXISTS", 1, 1),
    read("TTL", 1, 1),
    read("HGET", 2, 2),
    write("INCR", 1, 1),
    write("EXPIRE", 2, 3),
    read("HGETALL", 1, 1),
    write("HSET", 3, MANY),
    read("TYPE", 1, 1),
    read("PTTL", 1, 1),
    write("UNLINK", 1, 1),
    write("PERSIST", 1, 1),
    write("PEXPIRE", 2, 3),
    read("STRLEN", 1, 1),
    read("GETRANGE", 3, 3),
    write("SETRANGE", 3, 3),
    write("SETNX", 2, 2),
    write("SETEX", 3, 3),
    write("PSETEX", 3, 3),
    write("GETSET", 2, 2),
    write("GETDEL", 1, 1),
    write("GETEX", 1, 3),
    write("APPEND", 2, 2),
    write("DECR", 1, 1),
    write("INCRBY", 2, 2),
    write("DECRBY", 2, 2),
    write("INCRBYFLOAT", 2, 2),
    read("HMGET", 2, MANY),
    read("HEXISTS", 2, 2),
    read("HLEN", 1, 1),
    read("HKEYS", 1, 1),
    read("HVALS", 1, 1),
    write("HSETNX", 3, 3),
    write("HDEL", 2, MANY),
    write("HINCRBY", 3, 3),
    write("HINCRBYFLOAT", 3, 3),
    read("LLEN", 1, 1),
    read("LINDEX", 2, 2),
    read("LRANGE", 3, 3),
    write("LPUSH", 2, MANY),
    write("RPUSH", 2, MANY),
    write("LPOP", 1, 2),
    write("RPOP", 1, 2),
    write("LSET", 3, 3),
    write("LREM", 3, 3),
    write("LTRIM", 3, 3),
    read("SCARD", 1, 1),
    read("SISMEMBER", 2, 2),
    read("SMEMBERS", 1, 1),
    write("SADD", 2, MANY),
    write("SREM", 2, MANY),
    write("SPOP", 1, 2),
    read("ZCARD", 1, 1),
    read("ZSCORE", 2, 2),
    read("ZRANK", 2, 2),
    read("ZCOUNT", 3, 3),
    read("ZRANGE", 3, 9),
    write("ZADD", 3, MANY),
    write("ZREM", 2, MANY),
    write("ZINCRBY", 3, 3),
    read("XLEN", 1, 1),
];

/// A batch under construction.
#[derive(Debug, Default)]
pub struct Batch {
    commands: Commands,
    /// One per command asked for: its unit, or why it is not sent.
    asked: Vec<Result<&'static Verb>>,
}

impl Batch {
    /// Adds a command. One that is not accepted fails by itself and does not hold up the others.
    pub fn push(&mut self, name: &str, args: &[&[u8]], may_write: bool) {
        let accepted = accept(name, args.len(), may_write);
        if let Ok(verb) = &accepted {
            let mut all = Vec::with_capacity(args.len() + 1);
            all.push(verb.name.as_bytes());
            all.extend(args);
            self.commands.push(verb.effect, 1, &all);
        }
        self.asked.push(accepted);
    }

    /// How many commands were asked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.asked.len()
    }

    /// Whether none was asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }
}

fn accept(name: &str, args: usize, may_write: bool) -> Result<&'static Verb> {
    let verb = VERBS.iter().find(|verb| verb.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        Error::new(Code::OperationNotAllowed, format!("{name:?} cannot be part of a batch"))
    })?;
    if !(verb.min..=verb.max).contains(&args) {
        let wrong = format!("{} does not take {args} arguments here", verb.name);
        return Err(Error::validation(wrong));
    }
    if verb.effect == Effect::Write && !may_write {
        let denied = format!("{} needs write permission", verb.name);
        return Err(Error::new(Code::PermissionDenied, denied));
    }
    Ok(verb)
}

impl Client {
    /// Runs the batch and writes an array with one element per command: `{"ok": reply}`, or
    /// `{"error": …}` as in the failure envelope.
    ///
    /// In replies, strings are text or bytes, integers beyond 2^53 `{"$numberLong"}`, floating
    /// point numbers strings. `HGETALL` gives an object, and `[[field, value], …]` where a field's
    /// name is not text.
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
        out.raw(b"[");
        let mut first = true;
        for asked in &batch.asked {
            out.comma(&mut first);
            let result = match asked {
                Err(refused) => Err(refused.clone()),
                Ok(verb) => results
                    .next()
                    .unwrap_or(Ok(Value::Nil))
                    .and_then(failure::check)
                    .map(|reply| (*verb, reply)),
            };
            match result {
                Ok((verb, reply)) => {
                    out.raw(b"{\"ok\":");
                    if verb.name == "HGETALL" {
                        fields(out, reply);
                    } else {
                        value::write(out, &reply);
                    }
                }
                Err(error) => {
                    out.raw(b"{\"error\":");
                    out.value(&error.to_json(request_id)["error"])?;
                }
            }
            out.raw(b"}");
        }
        out.raw(b"]");
        Ok(())
    }
}

impl Client {
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
        out.raw(b"[");
        let mut first = true;
        for pair in flat.chunks_exact(2) {
            out.comma(&mut first);
            value::list(out, pair);
        }
        return out.raw(b"]");
    };
    out.raw(b"{");
    let mut first = true;
    for (name, (_, content)) in names.iter().zip(&pairs) {
        out.comma(&mut first);
        out.string(name);
        out.raw(b":");
        value::write(out, content);
    }
    out.raw(b"}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_commands_are_accepted() {
        for name in ["EVAL", "FLUSHALL", "KEYS", "MULTI", "BLPOP", "SUBSCRIBE", "RENAME", ""] {
            let refused = accept(name, 1, true).unwrap_err();
            assert_eq!(refused.code(), Code::OperationNotAllowed, "{name}");
        }
        assert!(accept("get", 1, false).is_ok());
    }

    #[test]
    fn a_reader_cannot_write() {
        assert_eq!(accept("SET", 2, false).unwrap_err().code(), Code::PermissionDenied);
        assert_eq!(accept("GETEX", 1, false).unwrap_err().code(), Code::PermissionDenied);
    }

    #[test]
    fn commands_are_about_one_key() {
        assert_eq!(accept("DEL", 2, true).unwrap_err().code(), Code::ValidationError);
        assert_eq!(accept("EXISTS", 2, true).unwrap_err().code(), Code::ValidationError);
    }

    #[test]
    fn one_bad_command_does_not_hold_up_the_others() {
        let mut batch = Batch::default();
        batch.push("GET", &[b"a"], false);
        batch.push("NOPE", &[b"a"], false);
        batch.push("GET", &[b"b"], false);
        assert_eq!((batch.len(), batch.commands.len()), (3, 2));
    }
}
