//! Where a scan of the keyspace stands, as a string that survives between requests.
//!
//! On a single server it is the server's own cursor. On a cluster it also says which node is being
//! scanned, and what the cluster looked like, so that a change in between can be told.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::error::{Error, Result};

/// The cursor before the first page and after the last one.
pub(super) const END: &str = "0";

/// A position in the scan of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ClusterCursor {
    /// Fingerprint of the cluster when the scan began.
    pub(super) fingerprint: u32,
    /// Id of the node that is being scanned.
    pub(super) node: String,
    /// That node's own cursor.
    pub(super) position: u64,
}

impl ClusterCursor {
    /// The opaque form.
    pub(super) fn encode(&self) -> String {
        BASE64.encode(format!("1.{:08x}.{}.{}", self.fingerprint, self.node, self.position))
    }

    /// Reads the opaque form; `None` is the beginning.
    pub(super) fn decode(text: &str) -> Result<Option<Self>> {
        if text == END {
            return Ok(None);
        }
        let read = || {
            let plain = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
            let mut parts = plain.split('.');
            let version = parts.next()?;
            let fingerprint = u32::from_str_radix(parts.next()?, 16).ok()?;
            let node = parts.next()?.to_owned();
            let position = parts.next()?.parse().ok()?;
            let complete = version == "1" && parts.next().is_none();
            complete.then_some(Self { fingerprint, node, position })
        };
        read().map(Some).ok_or_else(invalid)
    }
}

/// Reads a server's own cursor.
pub(super) fn position(text: &str) -> Result<u64> {
    text.parse().map_err(|_| invalid())
}

pub(super) fn invalid() -> Error {
    Error::validation("`cursor` is not one that an earlier page of this connection gave")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_as_it_was(
            fingerprint: u32, node in "[0-9a-f]{40}", position: u64
        ) {
            let cursor = ClusterCursor { fingerprint, node, position };
            prop_assert_eq!(ClusterCursor::decode(&cursor.encode()).unwrap(), Some(cursor));
        }

        #[test]
        fn any_other_text_is_refused(text in "\\PC*") {
            prop_assume!(text != END);
            prop_assert!(ClusterCursor::decode(&text).is_err());
        }
    }
}
