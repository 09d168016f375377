//! Why a subscription ends, and what its reader is told.

use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::error::{Code, Error};

/// Close codes of the range that RFC 6455 leaves to applications: 4000 and the HTTP status.
const APPLICATION: u16 = 4000;

/// A reason has at most this many bytes, or its frame would be no control frame.
const REASON: usize = 123;

/// Why a subscription ends.
#[derive(Debug)]
pub(super) enum Ending {
    /// The operation has nothing more to say.
    Done,
    /// The reader has left, or is taken for dead; nobody is told.
    Gone,
    /// The client closed, and was answered.
    Closed,
    /// The client broke a rule of the protocol. Nothing more of it is believed.
    Broken(u16, &'static str),
    /// The process or its host is closing.
    Away,
    /// The connection was changed: what is open belongs to the old one.
    Changed,
    /// The operation failed, or the user may no longer see it.
    Failed(Error),
}

impl Ending {
    /// The close frame that tells of it, where there is anybody to tell.
    pub(super) fn frame(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone | Self::Closed => return None,
            Self::Done => (1000, ""),
            Self::Away => (1001, "the server is shutting down"),
            Self::Broken(code, reason) => (*code, *reason),
            Self::Changed => (1012, "the connection was changed; connect again"),
            Self::Failed(error) => (code_of(error), error.message()),
        };
        let mut end = reason.len().min(REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Some(CloseFrame { code: CloseCode::from(code), reason: reason[..end].into() })
    }

    /// Whether what still waits is sent before the goodbye.
    pub(super) fn is_orderly(&self) -> bool {
        matches!(self, Self::Done | Self::Away | Self::Changed | Self::Failed(_))
    }
}

/// 1011 for a defect, 1013 for what may work again later, else 4000 and the HTTP status of the
/// failure: 4403 for a role that was lost, 4404 for a connection that was removed.
fn code_of(error: &Error) -> u16 {
    match error.code() {
        Code::InternalError => 1011,
        Code::DbConnectionFailed | Code::DbTimeout | Code::PoolExhausted => 1013,
        code => APPLICATION + code.http_status(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ending: &Ending) -> (u16, String) {
        let frame = ending.frame().unwrap();
        (frame.code.into(), frame.reason.to_string())
    }

    #[test]
    fn failures_have_telling_codes() {
        let codes = [
            (Code::PermissionDenied, 4403),
            (Code::DbNotFound, 4404),
            (Code::RateLimited, 4429),
            (Code::DbConnectionFailed, 1013),
            (Code::InternalError, 1011),
        ];
        for (code, expected) in codes {
            assert_eq!(told(&Ending::Failed(Error::new(code, "x"))).0, expected);
        }
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let ending = Ending::Failed(Error::validation("ü".repeat(100)));
        assert_eq!(told(&ending).1, "ü".repeat(61));
    }
}
