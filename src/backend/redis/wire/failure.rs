//! What went wrong, in the words of the contract.

use redis::{ServerError, Value};

use super::busy;
use super::connection::Lost;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::sockets::BUSY_WITH;

/// What to do about a server's refusal of a command. Every one of these proves that the command
/// was not run, so that even a write may be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The slot lives on another node for good: `host:port`, with an empty host for "same host".
    Moved(String),
    /// The slot is on its way to another node; ask there, this once.
    Ask(String),
    /// Not now: the slot is in motion, the cluster or the dataset is not ready.
    Wait,
    /// The node is no longer a primary.
    ReadOnly,
    /// The session is no longer authenticated; a new connection may be.
    Stale,
}

impl Refusal {
    /// The refusal that an error stands for, if sending the command again can help.
    pub(crate) fn of(error: &ServerError) -> Option<Self> {
        // A server that becomes a replica between `MULTI` and `EXEC` discards the transaction.
        if error.code() == "EXECABORT" && error.details().is_some_and(|d| d.contains(": READONLY"))
        {
            return Some(Self::ReadOnly);
        }
        let node = || error.details().and_then(|d| d.split_ascii_whitespace().nth(1));
        match error.code() {
            "MOVED" => node().map(|to| Self::Moved(to.to_owned())),
            "ASK" => node().map(|to| Self::Ask(to.to_owned())),
            "TRYAGAIN" | "CLUSTERDOWN" | "LOADING" | "MASTERDOWN" => Some(Self::Wait),
            "READONLY" => Some(Self::ReadOnly),
            "NOAUTH" => Some(Self::Stale),
            _ => None,
        }
    }
}

/// A server's error reply as the error it is told as.
pub(crate) fn refused(error: &ServerError) -> Error {
    let said = error.details().unwrap_or("no reason given");
    let code = match error.code() {
        "NOAUTH" | "WRONGPASS" => Code::DbInvalidCredentials,
        "NOPERM" => Code::PermissionDenied,
        // The user may not use `EXEC` itself.
        "EXECABORT" if said.contains("no permissions") => Code::PermissionDenied,
        "WRONGTYPE" => Code::WrongType,
        "NOGROUP" => Code::DbNotFound,
        "BUSYGROUP" => Code::Conflict,
        "LOADING" | "CLUSTERDOWN" | "MASTERDOWN" | "TRYAGAIN" | "MOVED" | "ASK" => {
            Code::DbConnectionFailed
        }
        "ERR" if too_many_clients(error) => Code::PoolExhausted,
        _ => Code::DbQueryError,
    };
    let message = match error.code() {
        "NOAUTH" => "Redis wants a password and none is stored".to_owned(),
        "WRONGPASS" => "Redis refused the stored user name or password".to_owned(),
        _ if code == Code::PermissionDenied => {
            format!("the Redis user may not do this: {said}")
        }
        "WRONGTYPE" => "the key holds another type of value".to_owned(),
        "NOGROUP" => "the stream has no such consumer group".to_owned(),
        "BUSYGROUP" => "the stream has a consumer group of that name already".to_owned(),
        "LOADING" => "Redis is still loading its data; try again in a moment".to_owned(),
        "OOM" => "Redis has reached maxmemory and can evict nothing".to_owned(),
        "MISCONF" => "Redis cannot save to disk and refuses writes".to_owned(),
        "NOREPLICAS" => "too few replicas are connected for Redis to accept writes".to_owned(),
        "READONLY" => "this server is a replica and refuses writes".to_owned(),
        "CLUSTERDOWN" => format!("the cluster is down: {said}"),
        "ERR" if code == Code::PoolExhausted => {
            "Redis has reached its limit of clients (maxclients)".to_owned()
        }
        "ERR" => format!("Redis refused the command: {said}"),
        "BUSY" => return busy::busy(said).detail("server_code", "BUSY"),
        other => format!("Redis refused the command: {other} {said}"),
    };
    Error::new(code, message).detail("server_code", error.code())
}

/// Whether the server is there and answers nothing until what it runs has ended.
pub(crate) fn is_busy(error: &Error) -> bool {
    error.details().contains_key(BUSY_WITH)
}

/// `WRONG_TYPE` with the type that the key has in truth.
pub(crate) fn wrong_type(actual: &str, wanted: Option<&str>) -> Error {
    let message = match wanted {
        Some(wanted) => format!("the key holds a {actual}, not a {wanted}"),
        None => format!("the key holds a {actual}, which this command is not for"),
    };
    let error = Error::new(Code::WrongType, message)
        .detail("server_code", "WRONGTYPE")
        .detail("actual_type", actual);
    match wanted {
        Some(wanted) => error.detail("expected_type", wanted),
        None => error,
    }
}

/// Whether the server does not know the command.
pub(crate) fn is_unknown_command(error: &Error) -> bool {
    error.code() == Code::DbQueryError
        && error.message().starts_with("Redis refused the command: unknown command")
}

/// Whether the user may not use a command, whatever the key.
pub(crate) fn is_about_a_command(error: &Error) -> bool {
    error.code() == Code::PermissionDenied && error.message().contains(" run the ")
}

/// `maxclients` is reached; told before the connection is closed.
pub(super) fn too_many_clients(error: &ServerError) -> bool {
    error.details().is_some_and(|d| d.contains("max number of clients"))
}

/// The detail that names what the server's user lacks.
const NEEDS: &str = "needs";

/// Why no transaction was begun; nothing of it was sent.
pub(crate) fn not_begun(refused: Error) -> Error {
    if !is_about_a_command(&refused) && !is_unknown_command(&refused) {
        return refused;
    }
    refused.detail(NEEDS, "@transaction").context(
        "this is written between MULTI and EXEC, so that all of it is there or nothing, and the \
         Redis user needs the right to use them (@transaction)",
    )
}

/// Whether nothing was written because the user may use no transactions.
pub(crate) fn lacks_transactions(error: &Error) -> bool {
    error.details().contains_key(NEEDS)
}

/// Whether a command was denied, or is unknown to the server: another may do instead.
pub(crate) fn is_denied(reply: &Value) -> bool {
    let Value::ServerError(error) = reply else { return false };
    let refused = refused(error);
    refused.code() == Code::PermissionDenied || is_unknown_command(&refused)
}

/// Whether nothing was done because the user may delete in the older way only.
pub(crate) fn is_about_unlink(error: &Error) -> bool {
    error.known_outcome() == Outcome::NotApplied
        && error.message().to_ascii_lowercase().contains("unlink")
}

/// That there is no such key.
pub(crate) fn not_found(key: &[u8]) -> Error {
    Error::not_found(format!("there is no key {:?}", String::from_utf8_lossy(key)))
}

/// A connection that was lost while an answer was awaited.
pub(crate) fn lost(lost: &Lost, outcome: Outcome) -> Error {
    match lost {
        Lost::TooLarge(limit) => Error::new(
            Code::PayloadTooLarge,
            format!("the answer is larger than {} MiB; read it in smaller pages", limit >> 20),
        ),
        other => Error::new(Code::DbConnectionFailed, format!("Redis: {other}")),
    }
    .outcome(outcome)
}

/// An answer that did not come by the deadline.
pub(crate) fn late(outcome: Outcome) -> Error {
    Error::timeout("Redis did not answer in time", outcome)
}

/// A reply that is not what the command's documentation says.
pub(crate) fn unexpected(command: &str) -> Error {
    Error::new(Code::DbQueryError, format!("Redis answered {command} with something unexpected"))
}

/// The error that the server answered, if it is one.
pub(crate) fn refusal(value: &Value) -> Option<Error> {
    match value {
        Value::ServerError(error) => Some(refused(error)),
        _ => None,
    }
}

/// The value, or the error that the server answered instead.
pub(crate) fn check(value: Value) -> Result<Value> {
    refusal(&value).map_or(Ok(value), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> ServerError {
        match crate::backend::redis::wire::resp::decoded(format!("-{line}\r\n").as_bytes()) {
            Value::ServerError(error) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn redirects_name_their_node() {
        let moved = Refusal::of(&error("MOVED 3999 127.0.0.1:6381"));
        assert_eq!(moved, Some(Refusal::Moved("127.0.0.1:6381".into())));
        let ask = Refusal::of(&error("ASK 3999 [::1]:6381"));
        assert_eq!(ask, Some(Refusal::Ask("[::1]:6381".into())));
        assert_eq!(Refusal::of(&error("MOVED")), None);
    }

    #[test]
    fn a_transaction_is_discarded_by_a_server_that_became_a_replica() {
        let said = "EXECABORT Transaction discarded because of: READONLY You can't write against";
        assert_eq!(Refusal::of(&error(said)), Some(Refusal::ReadOnly));
        let said = "EXECABORT Transaction discarded because of previous errors.";
        assert_eq!(Refusal::of(&error(said)), None);
    }

    #[test]
    fn what_cannot_get_better_is_not_sent_again() {
        for line in ["OOM command not allowed", "MISCONF x", "NOREPLICAS x", "WRONGTYPE x", "ERR x"]
        {
            assert_eq!(Refusal::of(&error(line)), None, "{line}");
        }
    }

    #[test]
    fn each_refusal_has_its_code() {
        let cases = [
            ("NOAUTH Authentication required.", Code::DbInvalidCredentials),
            ("WRONGPASS invalid username-password pair", Code::DbInvalidCredentials),
            ("NOPERM this user has no permissions", Code::PermissionDenied),
            ("WRONGTYPE Operation against a key", Code::WrongType),
            ("OOM command not allowed when used memory > 'maxmemory'.", Code::DbQueryError),
            ("LOADING Redis is loading the dataset in memory", Code::DbConnectionFailed),
            ("BUSY Redis is busy running a script.", Code::DbConnectionFailed),
            ("ERR max number of clients reached", Code::PoolExhausted),
            ("ERR unknown command", Code::DbQueryError),
        ];
        for (line, code) in cases {
            assert_eq!(refused(&error(line)).code(), code, "{line}");
        }
    }
}
