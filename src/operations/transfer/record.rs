//! What is told of work.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::error::{Code, Error};
use crate::json::TextOrBytes;
use crate::outcome::Outcome;

/// Characters of a reason that are told; a hostile line may be quoted in it.
const MAX_REASON: usize = 500;

/// Bytes of a key that are told.
const MAX_KEY: usize = 1_000;

/// A kind of work, and what it tells besides what all work does.
pub(crate) trait Task: JsonSchema {
    /// What it goes by.
    type Terms: Serialize + JsonSchema;
    /// What it counts.
    type Counts: Serialize + JsonSchema;
    /// What is known at its end.
    type Findings: Serialize + JsonSchema;
}

/// No members of its own.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NothingElse {}

/// What is told of work.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase", bound = "")]
#[schemars(rename = "{T}Record", bound = "T: Task")]
pub(crate) enum Record<T: Task> {
    /// As it goes.
    Progress(Counts<T>),
    /// What could not be done, or may not have been. The first 1000 are told.
    Problem(Problem),
    /// The last one. An `error` may follow.
    End(End<T>),
    /// The first one.
    #[serde(untagged)]
    Begin(Begin<T>),
}

/// What is to be done.
#[derive(Serialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(rename = "{T}Job", bound = "T: Task")]
pub(crate) struct Begin<T: Task> {
    /// With it the work is asked to stop.
    #[schemars(with = "String")]
    pub(super) job: Uuid,
    /// Of these records: 1.
    pub(super) version: u8,
    /// Its name.
    pub(super) operation: &'static str,
    /// Whether nothing is written.
    pub(super) dry_run: bool,
    #[serde(flatten)]
    pub(super) terms: T::Terms,
}

/// How far it is; in a dry run, what would be done.
#[derive(Serialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(rename = "{T}Counts", bound = "T: Task")]
pub(crate) struct Counts<T: Task> {
    /// Written, or changed.
    pub(super) done: u64,
    /// There was nothing to do.
    pub(super) skipped: u64,
    /// Could not be read, or not written.
    pub(super) failed: u64,
    /// May or may not have been written, and are never sent again.
    pub(super) unknown: u64,
    #[serde(flatten)]
    pub(super) own: T::Counts,
}

/// Something that is not what it should be, or may not be.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WorkProblem")]
pub(crate) struct Problem {
    /// Of what is read from a file: its line, or its place among the records of a format without lines.
    /// From 1 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    /// Its key, if it has one: at most the first 1000 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<TextOrBytes>,
    /// Whether it was written all the same.
    pub(super) outcome: Outcome,
    /// For programs.
    code: Code,
    /// For people, at most 500 characters.
    message: String,
    /// What else is known of it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    details: Map<String, Value>,
}

impl Problem {
    /// What went wrong with a record of a file, a key, or both.
    pub(crate) fn new(number: Option<u64>, key: Option<&[u8]>, error: &Error) -> Self {
        Self {
            number,
            key: key.map(|key| TextOrBytes(key[..key.len().min(MAX_KEY)].to_vec())),
            outcome: error.known_outcome(),
            code: error.code(),
            message: error.message().chars().take(MAX_REASON).collect(),
            details: error.details().clone(),
        }
    }
}

/// What was done.
#[derive(Serialize, JsonSchema)]
#[serde(bound = "")]
#[schemars(rename = "{T}End", bound = "T: Task")]
pub(crate) struct End<T: Task> {
    #[serde(flatten)]
    pub(super) counts: Counts<T>,
    pub(super) ended_by: EndedBy,
    /// `not_applied` where nothing was written; `unknown` where some may have been.
    pub(super) outcome: Outcome,
    /// Problems that were counted and not told.
    pub(super) problems_untold: u64,
    #[serde(flatten)]
    pub(super) findings: T::Findings,
}

/// Why work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "WorkEndedBy")]
pub(crate) enum EndedBy {
    /// Nothing is left.
    Completion,
    /// A dry run has seen as much as was asked for.
    Sample,
    /// It was asked to stop.
    Stop,
    /// The connection manager shuts down.
    Shutdown,
    /// Nobody reads any more.
    Leaving,
    /// The `error` that follows says which.
    Failure,
}
