//! Which failed attempts to connect say that nobody can.
//!
//! | failure of an attempt | the endpoint's |
//! |---|---|
//! | no address, refused, no route, reset, cut off while greeting | yes |
//! | the log-in was refused | yes, at once |
//! | TLS could not be agreed on | yes |
//! | silent for as long as an attempt may take | yes |
//! | silent until the request's own time was up | no: it may have been short |
//! | not allowed here, all connections in use, anything else | no |
//!
//! What fails on a connection that was made is never the endpoint's: see [`Circuit`](super::Circuit).

use crate::error::{Code, Error};

/// Marks a failed attempt where the endpoint is to blame. `had_its_time`: it was given as long as any
/// attempt is.
pub fn failed(error: Error, had_its_time: bool) -> Error {
    match error.code() {
        Code::DbConnectionFailed | Code::DbInvalidCredentials | Code::DbTlsError => {
            error.of_endpoint()
        }
        Code::DbTimeout if had_its_time => error.of_endpoint(),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_keeps_everybody_out_is_the_endpoints_failure() {
        for code in Code::ALL {
            let blamed = |had_its_time| {
                failed(Error::new(code, "x"), had_its_time).endpoint_failure().is_some()
            };
            let expected = match code {
                Code::DbConnectionFailed | Code::DbInvalidCredentials | Code::DbTlsError => {
                    (true, true)
                }
                Code::DbTimeout => (false, true),
                _ => (false, false),
            };
            assert_eq!((blamed(false), blamed(true)), expected, "{code:?}");
        }
    }
}
