//! What is told while the work goes on.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::super::problems::Problem;
use super::super::progress::EndedBy;
use super::input::Action;
use super::pace::Paced;
use super::preview::Preview;

/// What is told of work on many keys.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum BulkRecord<'a> {
    /// As it goes.
    Progress(BulkProgress<'a>),
    /// A key that could not be changed, or may not have been. The first 1000 are told.
    Problem(Problem),
    /// Of a dry run: a key that would be changed. The first 100 are told.
    Preview(Preview<'a>),
    /// The last one.
    End(BulkEnd),
    /// The first one.
    #[serde(untagged)]
    Begin(BulkBegin),
}

/// What is to be done.
#[derive(Serialize, JsonSchema)]
pub(super) struct BulkBegin {
    /// With it the work is asked to stop.
    #[schemars(with = "String")]
    pub(super) job: Uuid,
    pub(super) action: Action,
    pub(super) dry_run: bool,
    /// Keys of the database; `null` where the user may not know.
    pub(super) keyspace: Option<u64>,
}

/// Keys, each counted once however often it is met. `matched` is the sum of those that follow it.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub(super) struct BulkCounts {
    /// Looked at by the server.
    pub(super) examined: u64,
    /// Meant.
    pub(super) matched: u64,
    pub(super) done: u64,
    /// There was nothing to do.
    pub(super) skipped: u64,
    pub(super) failed: u64,
    /// They may or may not have been done, and are never sent again.
    pub(super) unknown: u64,
}

/// How far the work is.
#[derive(Serialize, JsonSchema)]
pub(super) struct BulkProgress<'a> {
    #[serde(flatten)]
    pub(super) counts: BulkCounts,
    /// The node of a cluster that was walked through last; else `null`.
    pub(super) node: Option<&'a str>,
    #[serde(flatten)]
    pub(super) paced: Paced,
}

/// What was done.
#[derive(Serialize, JsonSchema)]
pub(super) struct BulkEnd {
    #[serde(flatten)]
    pub(super) counts: BulkCounts,
    pub(super) ended_by: EndedBy,
    /// Slots moved or another server took over: keys may have been missed.
    pub(super) may_be_incomplete: bool,
    /// Whether each key is counted once. With more than 900,000 keys not all are remembered; then the
    /// counts are those of visits.
    pub(super) exact: bool,
    /// Of a sample: how many keys would match in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) estimated: Option<u64>,
    /// Problems that were counted and not told.
    pub(super) problems_untold: u64,
    #[serde(flatten)]
    pub(super) paced: Paced,
}
