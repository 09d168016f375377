//! What became of the statements of a bulk write.

use mongodb::bson::{Bson, Document};
use serde_json::{Value, json};

use super::batch::WriteBatch;
use super::statement::{Statement, WriteKind};
use crate::backend::mongodb::command::{
    index_name, interrupts, is_duplicate, json_of, server_error,
};
use crate::ejson::Mode;
use crate::error::{Code, Error, Result};
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
    errors: Vec<WriteError>,
    /// Why writes that were made are not replicated as asked for.
    concern: Option<String>,
}

#[derive(Debug)]
struct WriteError {
    index: usize,
    code: i32,
    message: String,
    info: Option<Document>,
    /// The keys of the unique index that it breaks; older servers don't tell.
    keys: Option<Document>,
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
    pub(super) fn finish(mut self, statements: &[Statement]) -> Result<Self> {
        self.errors.sort_by_key(|error| error.index);
        let Some(first) = self.errors.first() else {
            return match &self.concern {
                None => Ok(self),
                Some(message) => Err(self.told(
                    Error::new(
                        Code::DbConnectionFailed,
                        format!("the writes were made but not replicated as asked for: {message}"),
                    )
                    .outcome(Outcome::Unknown)
                    .detail("write_concern_error", message.clone()),
                )),
            };
        };
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
        Err(self.told(error.context(&which).outcome(outcome)))
    }

    /// The failure of a whole batch, after others were answered. Those that would have been sent after
    /// it have no answer either.
    pub(super) fn interrupted(
        &self,
        batch: &WriteBatch,
        later: &[WriteBatch],
        error: Error,
    ) -> Error {
        let error = match error.known_outcome() {
            Outcome::Unknown => error.detail("unknown_indexes", batch.indexes.clone()),
            _ => error.outcome(self.outcome()),
        };
        let later = later.iter().flat_map(|batch| batch.indexes.iter().copied());
        let unanswered: Vec<usize> = batch.indexes.iter().copied().chain(later).collect();
        self.told(error.detail("unanswered_indexes", unanswered))
    }

    fn outcome(&self) -> Outcome {
        let written = self.inserted.len() + self.upserted.len() > 0
            || self.matched + self.modified + self.deleted > 0;
        if written { Outcome::Applied } else { Outcome::NotApplied }
    }

    /// The failure with what was written.
    fn told(&self, error: Error) -> Error {
        let errors: Vec<Value> = self.errors.iter().map(WriteError::json).collect();
        let upserted: Vec<Value> = self
            .upserted
            .iter()
            .map(|(index, id)| json!({ "index": index, "_id": json_of(id, Mode::Canonical) }))
            .collect();
        error
            .detail("write_errors", errors)
            .detail("inserted_count", self.inserted.len())
            .detail("inserted_indexes", self.inserted.clone())
            .detail("matched_count", self.matched)
            .detail("modified_count", self.modified)
            .detail("deleted_count", self.deleted)
            .detail("upserted", upserted)
    }
}

impl WriteError {
    fn json(&self) -> Value {
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
