//! What an import tells besides what all work does.

use schemars::JsonSchema;
use serde::Serialize;

use crate::operations::transfer::{ImportTerms, Task};

/// Keys of an export on their way into a server.
#[derive(JsonSchema)]
pub(super) struct KeysImport;

impl Task for KeysImport {
    type Terms = ImportTerms;
    type Counts = LinesRead;
    type Findings = FileFindings;
}

/// What was read.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LinesRead {
    /// The last line that was read.
    pub(super) line: u64,
    /// Bytes of all lines that were read.
    pub(super) bytes: u64,
    /// Keys whose time was over; they are left out.
    pub(super) expired: u64,
    /// Where an import that goes on from here begins.
    pub(super) resume: String,
}

/// What the file turned out to be.
#[derive(Serialize, JsonSchema)]
pub(super) struct FileFindings {
    pub(super) checksum: Checksum,
}

/// What the checksum of the file said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Checksum {
    /// All of the file is as it was written.
    Right,
    /// Something was changed, lost or added.
    Wrong,
    /// It was not come to.
    Missing,
}
