//! Where a scan of the keyspace stands, as a string that survives between requests.
//!
//! A server's own cursor means nothing to another one, nor to the same one once it was restarted. So
//! it is kept together with the process that gave it. On a cluster it also says which node is being
//! scanned, and what the cluster looked like, so that a change in between can be told.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::error::{Error, Result};

/// The cursor before the first page and after the last one.
pub(crate) const END: &str = "0";

/// A position in a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Fingerprint of the cluster when the scan began; 0 where there is none.
    pub(super) fingerprint: u32,
    /// Id of the node that is being scanned; empty where there is no cluster.
    pub(super) node: String,
    /// Id of that server's process, where the user may know.
    pub(super) run_id: Option<String>,
    /// The process's own cursor.
    pub(super) position: u64,
}

impl Cursor {
    /// The opaque form.
    pub(super) fn encode(&self) -> String {
        let Self { fingerprint, node, run_id, position } = self;
        let run_id = run_id.as_deref().unwrap_or("-");
        BASE64.encode(format!("2.{fingerprint:08x}.{node}.{run_id}.{position}"))
    }

    /// Reads the opaque form; `None` is the beginning.
    pub(super) fn decode(text: &str) -> Result<Option<Self>> {
        if text == END {
            return Ok(None);
        }
        let read = || {
            let plain = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
            let parts: Vec<&str> = plain.split('.').collect();
            let ["2", fingerprint, node, run_id, position] = parts.as_slice() else { return None };
            Some(Self {
                fingerprint: u32::from_str_radix(fingerprint, 16).ok()?,
                node: (*node).to_owned(),
                run_id: (*run_id != "-").then(|| (*run_id).to_owned()),
                position: position.parse().ok()?,
            })
        };
        read().map(Some).ok_or_else(invalid)
    }
}

/// Reads a number that says where to go on.
pub(crate) fn position(text: &str) -> Result<u64> {
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
            fingerprint: u32, node in "([0-9a-f]{40})?",
            run_id in proptest::option::of("[0-9a-f]{40}"), position: u64
        ) {
            let cursor = Cursor { fingerprint, node, run_id, position };
            prop_assert_eq!(Cursor::decode(&cursor.encode()).unwrap(), Some(cursor));
        }

        #[test]
        fn any_other_text_is_refused(text in "\\PC*") {
            prop_assume!(text != END);
            prop_assert!(Cursor::decode(&text).is_err());
        }
    }
}
