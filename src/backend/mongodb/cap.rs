//! Lists that end at a cap while they are being read.

use crate::error::Result;
use crate::json::Writer;

/// How much a list of documents may hold. Both ends are looked for while it is being read.
#[derive(Debug, Clone, Copy)]
pub struct Cap {
    /// Documents.
    pub documents: u32,
    /// Bytes of JSON. A first document that is larger is returned all the same.
    pub bytes: usize,
}

impl Default for Cap {
    fn default() -> Self {
        Self { documents: 1, bytes: usize::MAX }
    }
}

/// How a list of documents ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct End {
    /// Documents written.
    pub returned: u64,
    /// There are more.
    pub has_more: bool,
    /// They were left out because of the bytes, before the number of documents was reached.
    pub truncated: bool,
}

/// A list on its way into a JSON array, without the brackets.
pub(super) struct List<'w> {
    cap: Cap,
    writer: &'w mut Writer,
    start: usize,
    pub(super) end: End,
}

impl<'w> List<'w> {
    pub(super) fn new(cap: Cap, writer: &'w mut Writer) -> Self {
        let start = writer.len();
        Self { cap, writer, start, end: End::default() }
    }

    /// Writes one more; `false` if there is no room for it, which ends the list.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Writer) -> Result<()>) -> Result<bool> {
        if self.end.returned == u64::from(self.cap.documents) {
            self.end.has_more = true;
            return Ok(false);
        }
        if self.end.returned > 0 {
            if self.writer.len() - self.start > self.cap.bytes {
                self.end.has_more = true;
                self.end.truncated = true;
                return Ok(false);
            }
            self.writer.raw(",");
        }
        write(self.writer)?;
        self.end.returned += 1;
        Ok(true)
    }
}
