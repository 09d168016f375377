//! Where a page of a list begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use uuid::Uuid;

use crate::error::{Error, Result};

/// Where it begins; opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// After so many connections from the environment.
    Start(usize),
    /// After this registered connection: when it was registered, and its id.
    After(i64, Uuid),
}

impl Position {
    pub(super) fn encode(self) -> String {
        BASE64.encode(match self {
            Self::Start(skipped) => format!("e{skipped}"),
            Self::After(created_us, id) => format!("d{created_us}:{id}"),
        })
    }

    pub(super) fn decode(cursor: &str) -> Result<Self> {
        Self::parse(cursor).ok_or_else(|| {
            Error::validation("`cursor` is not one that a page of this list answered with")
        })
    }

    fn parse(cursor: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64.decode(cursor).ok()?).ok()?;
        if let Some(skipped) = text.strip_prefix('e') {
            return skipped.parse().ok().map(Self::Start);
        }
        let (created_us, id) = text.strip_prefix('d')?.split_once(':')?;
        Some(Self::After(created_us.parse().ok()?, id.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_its_position(created_us: i64, id: u128, skipped: usize) {
            for position in [Position::After(created_us, Uuid::from_u128(id)), Position::Start(skipped)] {
                prop_assert_eq!(Position::decode(&position.encode()).unwrap(), position);
            }
        }

        #[test]
        fn any_text_is_refused_or_read_as_a_cursor(text: String) {
            let _ = Position::decode(&text);
        }
    }
}
