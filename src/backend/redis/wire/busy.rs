//! A server that is busy with a script, a function or a command of a module.

use crate::error::{Code, Error};
use crate::sockets::{BUSY_WITH, END_WITH};

/// What is told of a server that is busy, from its own words.
pub(super) fn busy(said: &str) -> Error {
    let what = ["module", "function"].into_iter().find(|what| {
        let mentioned = said.to_ascii_lowercase();
        mentioned.contains(&format!("{what} kill")) || mentioned.contains(&format!("a {what} "))
    });
    let (what, end) = match what {
        Some("module") => {
            let message = "Redis runs a command of a module, and does nothing else until it ends";
            let busy = Error::new(Code::DbConnectionFailed, message);
            return busy.detail(BUSY_WITH, "module");
        }
        Some(function) => (function, "FUNCTION KILL"),
        None => ("script", "SCRIPT KILL"),
    };
    let message =
        format!("Redis runs a {what}, and does nothing else until it ends; {}", way_out(end));
    Error::new(Code::DbConnectionFailed, message).detail(BUSY_WITH, what).detail(END_WITH, end)
}

/// How what runs on a server is ended.
pub(crate) fn way_out(end: &str) -> String {
    format!("{end} as a command of an administrator ends it, unless it has written something")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::wire::failure::is_busy;

    #[test]
    fn a_busy_server_is_told_with_what_ends_it() {
        for (said, what, end) in [
            (
                "Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
                "script",
                Some("SCRIPT KILL"),
            ),
            (
                "Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.",
                "function",
                Some("FUNCTION KILL"),
            ),
            ("Redis is busy running a module command.", "module", None),
        ] {
            let busy = busy(said);
            assert!(is_busy(&busy) && busy.code().retryable());
            assert_eq!(busy.details()[BUSY_WITH], what);
            assert_eq!(busy.details().get(END_WITH).and_then(|end| end.as_str()), end);
        }
    }
}
