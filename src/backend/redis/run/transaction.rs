//! What the answer to a transaction means.
//!
//! A server that refuses a command between `MULTI` and `EXEC` discards all of them. One that doesn't,
//! or something between us and it, has run the others: then there is one answer too few, and each stands
//! where another is looked for. So `EXEC` is believed only if every command was queued and each has an
//! answer.

use redis::Value;

use crate::backend::redis::wire::failure;
use crate::error::{Code, Error};
use crate::outcome::Outcome;

/// How a transaction ended.
pub(super) enum Executed {
    /// All of it ran: the replies, one for each command.
    Whole(Vec<Value>),
    /// None of it ran, because a key that was watched has changed.
    Overtaken,
    /// None of it ran: the refusal that says why.
    Refused(Value),
    /// Some of it may have run.
    Broken(Error),
}

/// From the answers to the commands between `MULTI` and `EXEC`, and that of `EXEC`.
pub(super) fn executed(queued: Vec<Value>, exec: Value) -> Executed {
    let count = queued.len();
    let is_queued = |reply: &Value| matches!(reply, Value::SimpleString(text) if text == "QUEUED");
    // A command that is answered otherwise than with `QUEUED` has run by itself.
    let ran_alone = queued.iter().any(|reply| !is_queued(reply) && !is_refusal(reply));
    let refusal = queued.into_iter().find(is_refusal);
    if ran_alone {
        let why = refusal.unwrap_or(exec);
        return Executed::Broken(in_part(why, "it was written in part, without a transaction"));
    }
    match (exec, refusal) {
        (exec @ Value::ServerError(_), refusal) => Executed::Refused(refusal.unwrap_or(exec)),
        (Value::Nil, None) => Executed::Overtaken,
        (Value::Nil, Some(refusal)) => Executed::Refused(refusal),
        (Value::Array(replies), Some(refusal)) if replies.is_empty() => Executed::Refused(refusal),
        (_, Some(refusal)) => Executed::Broken(in_part(
            refusal,
            "it was written in part: the server ran a transaction without the command that it refused",
        )),
        (Value::Array(replies), None) if replies.len() == count => Executed::Whole(replies),
        (exec, None) => Executed::Broken(in_part(exec, "it may have been written in part")),
    }
}

pub(super) fn is_refusal(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(_))
}

fn in_part(why: Value, what: &str) -> Error {
    let error = failure::check(why).err().unwrap_or_else(|| failure::unexpected("EXEC"));
    error.context(what).outcome(Outcome::Unknown)
}

/// That a transaction was not run though nothing was watched.
pub(super) fn discarded() -> Error {
    Error::new(Code::Conflict, "the server discarded the transaction; nothing was written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::wire::resp;
    use proptest::prelude::*;

    fn reply(line: &str) -> Value {
        resp::decoded(format!("{line}\r\n").as_bytes())
    }

    fn outcome(queued: &[&str], exec: Value) -> Outcome {
        match executed(queued.iter().map(|line| reply(line)).collect(), exec) {
            Executed::Whole(_) => Outcome::Applied,
            Executed::Overtaken | Executed::Refused(_) => Outcome::NotApplied,
            Executed::Broken(error) => error.known_outcome(),
        }
    }

    proptest! {
        /// Whatever a server answers: what is called done has an answer for each command, and what is
        /// called not done has none that ran.
        #[test]
        fn only_what_was_queued_and_answered_whole_is_done(
            queued in proptest::collection::vec(
                prop_oneof![Just("+QUEUED"), Just("-ERR no"), Just("-NOPERM no"), Just(":1"), Just("+OK")],
                0..5,
            ),
            exec in prop_oneof![
                Just(None),
                Just(Some(Value::Nil)),
                (0_usize..6).prop_map(|count| Some(Value::Array(vec![Value::Int(1); count]))),
            ],
        ) {
            let exec_ran = matches!(&exec, Some(Value::Array(replies)) if !replies.is_empty());
            let whole = matches!(&exec, Some(Value::Array(replies)) if replies.len() == queued.len());
            let exec = exec.unwrap_or_else(|| reply("-EXECABORT no"));
            let all_queued = queued.iter().all(|line| *line == "+QUEUED");
            let alone = queued.iter().any(|line| matches!(*line, ":1" | "+OK"));
            match outcome(&queued, exec) {
                Outcome::Applied => prop_assert!(all_queued && whole),
                Outcome::NotApplied => prop_assert!(!alone && !exec_ran),
                Outcome::Unknown => prop_assert!(alone || !(all_queued && whole)),
            }
        }
    }
}
