//! Scripts and functions, which hold the whole server up while they run.
//!
//! Once one has run for a while (`busy-reply-threshold`, 5 seconds by default), the server answers
//! everybody else with `BUSY`, and takes what ends it. It tells nobody whose script it is, and by the
//! time that it is told to end one, another may run: so people end them, and no deadline does.

use redis::Value;

use crate::backend::redis::Client;
use crate::backend::redis::gate::Ruling;
use crate::backend::redis::run::unanswered;
use crate::backend::redis::servers::Node;
use crate::backend::redis::wire::busy::way_out;
use crate::backend::redis::wire::{Commands, Effect, failure};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::sockets::END_WITH;
use crate::target::Endpoint;

/// What a busy server takes.
const WHILE_BUSY: [&str; 3] = ["SCRIPT KILL", "FUNCTION KILL", "FUNCTION STATS"];

/// Whether a command is one that a busy server takes.
pub(super) fn is_taken_while_busy(command: &str) -> bool {
    WHILE_BUSY.contains(&command)
}

/// What ends that which a command runs, if it runs something.
fn end_of(command: &str) -> Option<&'static str> {
    match command {
        "EVAL" | "EVAL_RO" | "EVALSHA" | "EVALSHA_RO" => Some("SCRIPT KILL"),
        "FCALL" | "FCALL_RO" => Some("FUNCTION KILL"),
        _ => None,
    }
}

/// Whether a command runs a script of a user's.
pub(super) fn is_script(command: &str) -> bool {
    end_of(command).is_some()
}

/// What is told of an error that a script answered with. It may have written before, and it chooses
/// the words: they say nothing of the server, nor of the log-in.
pub(super) fn failed(error: Error, effect: Effect) -> Error {
    let outcome = unanswered(effect);
    match error.code() {
        Code::DbConnectionFailed | Code::DbInvalidCredentials | Code::PoolExhausted
            if !failure::is_busy(&error) =>
        {
            let message =
                "the script answered with an error in the server's name, or the server did";
            let told = Error::new(Code::DbQueryError, message).outcome(outcome);
            let code = error.details().get("server_code").cloned();
            told.detail("server_code", code.unwrap_or_default())
        }
        _ => error.outcome(outcome),
    }
}

/// What is told of a command that ran out of time at an address.
pub(super) fn timed_out(error: Error, command: &str, at: Option<&Endpoint>) -> Error {
    // One that may have written is known not to have run where it was not sent.
    let was_sent = error.known_outcome() == Outcome::Unknown || command.ends_with("_RO");
    let is_late = error.code() == Code::DbTimeout && was_sent;
    let Some(end) = end_of(command).filter(|_| is_late) else { return error };
    let message = format!("{}; it may still run there. {}", error.message(), way_out(end));
    let told = Error::timeout(message, error.known_outcome()).detail(END_WITH, end);
    match at {
        Some(Endpoint { host, port }) => told.detail("node", format!("{host}:{port}")),
        None => told,
    }
}

impl Client {
    /// Runs a command that a busy server takes: on a connection of its own, as those that there are may
    /// all be waiting, and a new one could not select its database.
    pub(super) async fn run_while_busy(
        &self,
        args: &[&[u8]],
        ruling: &Ruling,
        node: &Node,
        deadline: Deadline,
    ) -> Result<Value> {
        let mut connection = node.reach_busy(deadline).await?;
        let command = Commands::one(ruling.effect, 0, args);
        let outcome = unanswered(ruling.effect);
        Ok(connection.ask(command.all(), 1, outcome, deadline).await?.remove(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::wire::resp::decoded;

    #[test]
    fn a_script_speaks_neither_for_the_server_nor_of_the_log_in() {
        for code in ["NOAUTH", "WRONGPASS", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "MOVED", "ERR"]
        {
            let line = format!("-{code} max number of clients\r\n");
            let Value::ServerError(error) = decoded(line.as_bytes()) else { panic!("{code}") };
            for (effect, outcome) in
                [(Effect::Write, Outcome::Unknown), (Effect::Read, Outcome::NotApplied)]
            {
                let told = failed(failure::refused(&error), effect);
                assert_eq!((told.code(), told.known_outcome()), (Code::DbQueryError, outcome));
                assert_eq!(told.details()["server_code"], code);
            }
        }
    }

    #[test]
    fn only_what_runs_scripts_may_go_on_after_its_time() {
        let late = || Error::timeout("Redis did not answer in time", Outcome::Unknown);
        let at = Endpoint { host: "h".to_owned(), port: 7 };
        let told = timed_out(late(), "FCALL", Some(&at));
        let details = told.details();
        assert_eq!(
            (&details[END_WITH], &details["node"]),
            (&"FUNCTION KILL".into(), &"h:7".into())
        );
        assert_eq!(told.known_outcome(), Outcome::Unknown);
        assert!(timed_out(late(), "SORT", None).details().is_empty());
        let unsent = Error::timeout("connecting took too long", Outcome::NotApplied);
        assert!(timed_out(unsent, "EVAL", None).details().is_empty());
        let lost = Error::new(Code::DbConnectionFailed, "lost");
        assert!(timed_out(lost, "EVAL", None).details().is_empty());
    }
}
