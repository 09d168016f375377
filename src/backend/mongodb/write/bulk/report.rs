//! What became of the statements of a bulk write.

use mongodb::bson::{Bson, Document};
use serde_json::{Value, json};

use super::batch::WriteBatch;
use super::statement::{Statement, WriteKind};
use crate::backend::mongodb::command::{
    index_name, interrupts, is_duplicate, json_of, server_error,
};
use crate::ejson::Mode;
use crate::error::{Error, Result};
use crate::outcome::Outcome;

/// What was written.
#[derive(Debug, Default)]
pub struct Report {
    /// Indexes of the documents that were inserted.
    pub inserted: Vec<usize>,
    /// Documents that updates found.
    pub matched: u64,
    /// Documents that updates changed.
    pub modified: u64,
    /// Documents that were deleted.
    pub deleted: u64,
    /// Documents that upserts made: the index of the statement, and the new `_id`.
    pub upserted: Vec<(usize, Bson)>,
    /// By the index of their statement.
    pub errors: Vec<WriteError>,
    /// Why writes that were made are not replicated as asked for.
    concern: Option<String>,
}

/// A statement that the server refused.
#[derive(Debug)]
pub struct WriteError {
    /// Of the statement.
    pub index: usize,
    /// The server's code.
    pub code: i32,
    message: String,
    info: Option<Document>,
    /// The keys of the unique index that it breaks; older servers don't tell.
    keys: Option<Document>,
}

/// Why not all was written.
#[derive(Debug)]
pub struct BulkFailure {
    error: Error,
    /// What became of the statements; `None` if none was sent.
    pub sent: Option<Box<Sent>>,
}

/// What is known of the statements of a bulk that failed.
#[derive(Debug)]
pub struct Sent {
    /// Of those that were answered.
    pub report: Report,
    /// Indexes of those that were not, or not sent; `None` if all were answered.
    pub unanswered: Option<Vec<usize>>,
    /// Indexes of those that may be done all the same.
    pub unknown: Vec<usize>,
}

impl From<Error> for BulkFailure {
    fn from(error: Error) -> Self {
        Self { error, sent: None }
    }
}

impl BulkFailure {
    /// As it is told, with what is known in its details.
    pub fn told(self) -> Error {
        let Self { error, sent } = self;
        let Some(sent) = sent else { return error };
        let Sent { report, unanswered, unknown } = *sent;
        let made = |(index, id)| json!({ "index": index, "_id": json_of(&id, Mode::Canonical) });
        let mut error = error
            .detail("write_errors", report.errors.iter().map(WriteError::json).collect::<Vec<_>>())
            .detail("inserted_count", report.inserted.len())
            .detail("inserted_indexes", report.inserted)
            .detail("matched_count", report.matched)
            .detail("modified_count", report.modified)
            .detail("deleted_count", report.deleted)
            .detail("upserted", report.upserted.into_iter().map(made).collect::<Vec<_>>());
        if !unknown.is_empty() {
            error = error.detail("unknown_indexes", unknown);
        }
        match unanswered {
            Some(unanswered) => error.detail("unanswered_indexes", unanswered),
            None => error,
        }
    }
}

impl Report {
    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Adds what a server answered. Its indexes count the statements of the batch.
    pub(super) fn add(
        &mut self,
        batch: &WriteBatch,
        answer: &Document,
        ordered: bool,
    ) -> Result<()> {
        let count = |name: &str| {
            let number = answer.get(name).and_then(|n| match n {
                Bson::Int32(n) => u64::try_from(*n).ok(),
                Bson::Int64(n) => u64::try_from(*n).ok(),
                _ => None,
            });
            number.unwrap_or(0)
        };
        let refused: Vec<usize> = listed(answer, "writeErrors").map(position).collect();
        match batch.kind {
            WriteKind::Insert => {
                let tried = match refused.first() {
                    Some(&first) if ordered => first,
                    _ => batch.indexes.len(),
                };
                let done = (0..tried).filter(|position| !refused.contains(position));
                self.inserted.extend(done.map(|position| batch.indexes[position]));
            }
            WriteKind::Update => {
                let mut made = 0;
                for entry in listed(answer, "upserted") {
                    let id = entry.get("_id").cloned().unwrap_or(Bson::Null);
                    self.upserted.push((batch.index(position(entry))?, id));
                    made += 1;
                }
                self.matched += count("n").saturating_sub(made);
                self.modified += count("nModified");
            }
            WriteKind::Delete => self.deleted += count("n"),
        }
        for error in listed(answer, "writeErrors") {
            self.errors.push(WriteError {
                index: batch.index(position(error))?,
                code: error.get_i32("code").unwrap_or_default(),
                message: error.get_str("errmsg").unwrap_or_default().to_owned(),
                info: error.get_document("errInfo").ok().cloned(),
                keys: error.get_document("keyPattern").ok().cloned(),
            });
        }
        if let Ok(concern) = answer.get_document("writeConcernError") {
            let message = concern.get_str("errmsg").unwrap_or_default();
            self.concern.get_or_insert_with(|| message.to_owned());
        }
        Ok(())
    }

    /// All is written, or the failure that says what is not.
    pub(super) fn finish(mut self, statements: &[Statement]) -> Result<Self, BulkFailure> {
        self.errors.sort_by_key(|error| error.index);
        let error = match (self.errors.first(), &self.concern) {
            (None, None) => return Ok(self),
            (None, Some(message)) => Error::unreachable(format!(
                "the writes were made but not replicated as asked for: {message}"
            ))
            .outcome(Outcome::Unknown)
            .detail("write_concern_error", message.clone()),
            (Some(first), _) => self.refused(first, statements),
        };
        Err(self.with(error, None, Vec::new()))
    }

    /// The failure of some statements, of which `first` is the first.
    fn refused(&self, first: &WriteError, statements: &[Statement]) -> Error {
        let error = server_error(first.code, "", &first.message);
        let (failed, all, index) = (self.errors.len(), statements.len(), first.index);
        let which = match all {
            1 => "the write failed".to_owned(),
            _ => format!("{failed} of {all} writes failed, the first with index {index}"),
        };
        // A write to many documents that fails has changed those before the one it failed at.
        let in_doubt = |error: &WriteError| statements[error.index].many || interrupts(error.code);
        let outcome =
            if self.errors.iter().any(in_doubt) { Outcome::Unknown } else { self.outcome() };
        error.context(&which).outcome(outcome)
    }

    /// The failure of a whole batch, after others were answered. Those that would have been sent after
    /// it have no answer either.
    pub(super) fn interrupted(
        self,
        batch: &WriteBatch,
        later: &[WriteBatch],
        error: Error,
    ) -> BulkFailure {
        let (error, unknown) = match error.known_outcome() {
            Outcome::Unknown => (error, batch.indexes.clone()),
            _ => (error.outcome(self.outcome()), Vec::new()),
        };
        let later = later.iter().flat_map(|batch| batch.indexes.iter().copied());
        let unanswered = batch.indexes.iter().copied().chain(later).collect();
        self.with(error, Some(unanswered), unknown)
    }

    fn with(
        self,
        error: Error,
        unanswered: Option<Vec<usize>>,
        unknown: Vec<usize>,
    ) -> BulkFailure {
        BulkFailure { error, sent: Some(Box::new(Sent { report: self, unanswered, unknown })) }
    }

    fn outcome(&self) -> Outcome {
        let written = self.inserted.len() + self.upserted.len() > 0
            || self.matched + self.modified + self.deleted > 0;
        if written { Outcome::Applied } else { Outcome::NotApplied }
    }
}

impl WriteError {
    /// As details tell it.
    pub fn json(&self) -> Value {
        let mut entry = json!({ "index": self.index, "code": self.code, "message": self.message });
        if let Some(keys) = &self.keys {
            entry["key_pattern"] = json_of(&Bson::Document(keys.clone()), Mode::Relaxed);
        }
        if let Some(name) = index_name(&self.message).filter(|_| is_duplicate(self.code)) {
            entry["index_name"] = name.into();
        }
        if let Some(info) = &self.info {
            entry["errInfo"] = json_of(&Bson::Document(info.clone()), Mode::Relaxed);
        }
        entry
    }
}

/// The documents of a list in the answer, if it has that.
fn listed<'a>(answer: &'a Document, name: &str) -> impl Iterator<Item = &'a Document> {
    let items = answer.get_array(name).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Bson::as_document)
}

/// Which statement of the batch an entry is about.
fn position(entry: &Document) -> usize {
    let index = entry.get_i32("index").ok().and_then(|index| usize::try_from(index).ok());
    index.unwrap_or(usize::MAX)
}
