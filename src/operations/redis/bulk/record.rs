//! What is told while the work goes on.

use schemars::JsonSchema;
use serde::Serialize;

use super::input::Action;
use super::pace::Paced;
use super::preview::Preview;
use crate::operations::transfer::{OnConflict, Record, Task};

/// Work on many keys.
#[derive(JsonSchema)]
pub(super) struct KeysBulk;

impl Task for KeysBulk {
    type Terms = BulkTerms;
    type Counts = Walked;
    type Findings = BulkFindings;
}

/// What is told of work on many keys.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum BulkRecord<'a> {
    /// Of a dry run: a key that would be changed. The first 100 are told.
    Preview(Preview<'a>),
    #[serde(untagged)]
    #[allow(dead_code)] // each is told by itself
    Work(Record<KeysBulk>),
}

/// What is to be done.
#[derive(Serialize, JsonSchema)]
pub(super) struct BulkTerms {
    pub(super) action: Action,
    /// Of `expire`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<i64>,
    /// Of `copy`: the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<String>,
    /// Of `copy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) on_conflict: Option<OnConflict>,
    /// Keys of the database; `null` where the user may not know.
    pub(super) keyspace: Option<u64>,
}

/// Keys, each counted once however often it is met.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Walked {
    /// Looked at by the server.
    pub(super) examined: u64,
    /// Meant: the sum of `done`, `skipped`, `failed` and `unknown`.
    pub(super) matched: u64,
    /// The node of a cluster that was walked through last; not there for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<String>,
    #[serde(flatten)]
    pub(super) paced: Paced,
}

/// What is known of the work as a whole.
#[derive(Serialize, JsonSchema)]
pub(super) struct BulkFindings {
    /// Slots moved or another server took over: keys may have been missed.
    pub(super) may_be_incomplete: bool,
    /// Whether each key is counted once. With more than 900,000 keys not all are remembered; then the
    /// counts are those of visits.
    pub(super) exact: bool,
    /// Of a sample: how many keys would match in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) estimated: Option<u64>,
}
