//! Batches of an import on their way to the server.
//!
//! Each document has its `_id` before it is sent, and gets the same one in an import that goes on after
//! an interruption. So sending an insert again does no harm where a collection has each `_id` once: the
//! server refuses the second one. A replacement is not sent again, and nothing is that goes into a time
//! series; when the answer is lost, that is reported.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use mongodb::bson::{Bson, RawDocumentBuf, doc};

use super::duplicates::{Duplicate, Judge, id_of};
use super::ids::Ids;
use crate::backend::mongodb::{
    BulkFailure, Call, Change, Namespace, Selection, Sent, Statement, WriteError, with_this_id,
};
use crate::error::{Code, Error, Result};
use crate::operations::transfer::OnConflict;
use crate::outcome::Outcome;

/// Documents of one batch.
const MOST: usize = 1000;

/// Bytes of the documents of one batch: what is in memory, and in doubt when an answer is lost.
const MAX_BYTES: usize = 8 << 20;

/// What servers take.
const MAX_DOCUMENT: usize = 16 << 20;

/// How often a batch of inserts is sent when its answer is lost.
const TRIES: u32 = 4;

const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The server's code for a document whose `_id`, or another unique value, is there already.
const DUPLICATE_KEY: i32 = 11000;

/// How the batches of an import are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) on_conflict: OnConflict,
    /// It ends at the first document that is refused: none after that is sent.
    pub(super) stop_on_error: bool,
    /// Records before this one may have been sent by the import that this one goes on with.
    pub(super) sent_before: u64,
    /// The collection has each `_id` once, so that a document that is sent again is not there twice.
    pub(super) unique_ids: bool,
}

impl Rules {
    /// Whether this is where the import ends.
    pub(super) fn ends_at(&self, refusal: &Error) -> bool {
        let is_conflict = refusal.code() == Code::Conflict;
        self.stop_on_error || self.on_conflict == OnConflict::Fail && is_conflict
    }

    /// Documents are sent so that none after a refused one is written.
    fn ordered(&self) -> bool {
        self.stop_on_error || self.on_conflict == OnConflict::Fail
    }
}

/// Documents that will be written together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    documents: Vec<Loaded>,
    bytes: usize,
    /// Records that need not be sent: their documents are there.
    there: Vec<u64>,
}

/// A document on its way.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) number: u64,
    pub(super) id: Bson,
    /// The `_id` was made for this import.
    pub(super) id_is_ours: bool,
    pub(super) document: RawDocumentBuf,
}

/// A record that was not written, and why.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) number: u64,
    pub(super) error: Error,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) inserted: u64,
    pub(super) replaced: u64,
    pub(super) skipped: u64,
    pub(super) refused: Vec<Refused>,
    /// Of some records nobody knows whether they were written.
    pub(super) in_doubt: bool,
    /// Why no more should be tried: the server is gone, or does not let us write.
    pub(super) stopped: Option<Error>,
}

impl Batch {
    pub(super) fn add(&mut self, number: u64, document: RawDocumentBuf, ids: Ids) -> Result<()> {
        let unreadable = |_| Error::validation("the document can't be encoded as BSON");
        let own = document.get("_id").map_err(unreadable)?.map(Bson::try_from);
        let loaded = if let Some(id) = own.transpose().map_err(unreadable)? {
            Loaded { number, id, id_is_ours: false, document }
        } else {
            let id = ids.of(number)?;
            let document = with_this_id(id, &document)?;
            Loaded { number, id: id.into(), id_is_ours: true, document }
        };
        let bytes = loaded.document.as_bytes().len();
        if bytes > MAX_DOCUMENT {
            let message = format!("the document has {bytes} bytes; servers take 16 MiB");
            return Err(Error::too_large(message));
        }
        self.bytes += bytes;
        self.documents.push(loaded);
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.documents.len() >= MOST || self.bytes >= MAX_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.documents.len()
    }

    /// The number of its last record.
    pub(super) fn last(&self) -> u64 {
        self.documents.last().map_or(0, |loaded| loaded.number)
    }

    /// Writes it. `call` begins another attempt.
    pub(super) async fn write<'c>(
        mut self,
        call: impl Fn() -> Call<'c>,
        namespace: &Namespace,
        rules: Rules,
    ) -> Written {
        let mut written = self.send(call, namespace, rules).await;
        // Those after the one that the import ends at are not looked at.
        let end = written.refused.iter().map(|refused| refused.number).min().unwrap_or(u64::MAX);
        written.skipped += self.there.iter().filter(|number| **number < end).count() as u64;
        written
    }

    /// What writing it would do, as far as that can be told without.
    pub(super) async fn look(
        self,
        call: &Call<'_>,
        namespace: &Namespace,
        rules: Rules,
    ) -> Result<Written> {
        let there = self.numbers_there(call, namespace).await?;
        let mut written = Written::default();
        for Loaded { number, .. } in self.documents {
            match rules.on_conflict {
                _ if !there.contains(&number) => written.inserted += 1,
                OnConflict::Skip => written.skipped += 1,
                OnConflict::Replace => written.replaced += 1,
                OnConflict::Refuse | OnConflict::Fail => {
                    let error = Error::new(Code::Conflict, "a document with its `_id` is there");
                    let ends = rules.ends_at(&error);
                    written.refused.push(Refused { number, error });
                    if ends {
                        break;
                    }
                }
            }
        }
        Ok(written)
    }

    async fn send<'c>(
        &mut self,
        call: impl Fn() -> Call<'c>,
        namespace: &Namespace,
        rules: Rules,
    ) -> Written {
        let mut written = Written::default();
        let mut pause = FIRST_PAUSE;
        let mut sent_before = rules.sent_before;
        let mut tries = 0;
        while !self.documents.is_empty() {
            let statements = match self.statements(rules.on_conflict) {
                Ok(statements) => statements,
                Err(error) => {
                    written.stopped = Some(error);
                    return written;
                }
            };
            let failure = match call().bulk(namespace, &statements, rules.ordered()).await {
                Ok(report) => {
                    written.inserted += (report.inserted.len() + report.upserted.len()) as u64;
                    written.replaced += report.matched;
                    return written;
                }
                Err(failure) => failure,
            };
            let settled = self.settle(&failure, rules.ordered(), &mut written);
            let unreplicated = failure.sent.as_ref().is_some_and(|s| s.report.errors.is_empty());
            let error = failure.told();
            let Settled { duplicates, in_doubt, inserted, answered } = settled;
            let on_conflict = rules.on_conflict;
            let judge = Judge { namespace, on_conflict, sent_before, inserted };
            judge.settle(&call(), duplicates, &mut written).await;
            if answered {
                if unreplicated {
                    // They are made, and may be gone after a failover.
                    written.in_doubt = true;
                    written.stopped = Some(error);
                    return written;
                }
                if written.refused.iter().any(|refused| rules.ends_at(&refused.error)) {
                    return written;
                }
                if rules.on_conflict == OnConflict::Skip && self.there.is_empty() {
                    self.pass_over(&call(), namespace).await;
                }
                continue;
            }
            tries += 1;
            let again = !in_doubt.is_empty()
                && rules.unique_ids
                && rules.on_conflict != OnConflict::Replace
                && tries < TRIES
                && is_passing(&error);
            if !again {
                self.give_up(error, &in_doubt, &mut written);
                break;
            }
            sent_before = u64::MAX;
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        written
    }

    /// The numbers of the records with an `_id` of their own that a stored document has too.
    async fn numbers_there(&self, call: &Call<'_>, namespace: &Namespace) -> Result<HashSet<u64>> {
        let own = || self.documents.iter().filter(|loaded| !loaded.id_is_ours);
        let ids: Vec<Bson> = own().map(|loaded| loaded.id.clone()).collect();
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let stored = call.stored(namespace, ids, false).await?;
        let stored: HashSet<_> = stored.iter().filter_map(|found| id_of(found)).collect();
        let is_there =
            |loaded: &&Loaded| id_of(&loaded.document).is_some_and(|id| stored.contains(&id));
        Ok(own().filter(is_there).map(|loaded| loaded.number).collect())
    }

    /// Takes out the documents that are there already, after one was found to be: else each of them
    /// would end a batch that is written in order. One that is not seen here is refused by the server.
    async fn pass_over(&mut self, call: &Call<'_>, namespace: &Namespace) {
        if let Ok(there) = self.numbers_there(call, namespace).await {
            self.documents.retain(|loaded| !there.contains(&loaded.number));
            self.there.extend(there);
        }
    }

    /// What is left was sent, or not, and nobody said which.
    fn give_up(&mut self, error: Error, in_doubt: &HashSet<u64>, written: &mut Written) {
        written.refused.extend(self.documents.drain(..).map(|Loaded { number, .. }| {
            let outcome =
                if in_doubt.contains(&number) { Outcome::Unknown } else { Outcome::NotApplied };
            // Of the batch as a whole the failure tells more than is known of this record.
            let error = Error::new(error.code(), error.message()).outcome(outcome);
            Refused { number, error }
        }));
        written.in_doubt |= !in_doubt.is_empty();
        written.stopped = Some(error);
    }

    fn statements(&self, on_conflict: OnConflict) -> Result<Vec<Statement>> {
        let statement = |loaded: &Loaded| {
            if on_conflict != OnConflict::Replace || loaded.id_is_ours {
                return Ok(Statement::insert(loaded.document.clone()));
            }
            let filter = doc! { "_id": { "$eq": loaded.id.clone() } };
            let selection = Selection { filter, ..Selection::default() };
            Statement::update(&selection, Change::Replacement(loaded.document.clone()), true)
        };
        self.documents.iter().map(statement).collect()
    }

    /// Takes out what is known after a failure. Where documents are written in order, those after one
    /// that was refused are left.
    fn settle(&mut self, failure: &BulkFailure, ordered: bool, written: &mut Written) -> Settled {
        // Nothing was sent.
        let Some(sent) = &failure.sent else { return Settled::default() };
        let Sent { report, unanswered, unknown } = &**sent;
        let among = |indexes: &[usize]| indexes.iter().copied().collect::<HashSet<_>>();
        let refusals: HashMap<usize, &WriteError> =
            report.errors.iter().map(|error| (error.index, error)).collect();
        let unanswered = unanswered.as_deref().map(among);
        let (unknown, inserted) = (among(unknown), among(&report.inserted));
        written.inserted += (inserted.len() + report.upserted.len()) as u64;
        written.replaced += report.matched;
        let ended_at = refusals.keys().max().copied().filter(|_| ordered);
        let mut rest = Vec::new();
        let mut settled = Settled { answered: unanswered.is_none(), ..Settled::default() };
        for (index, loaded) in std::mem::take(&mut self.documents).into_iter().enumerate() {
            if let Some(refusal) = refusals.get(&index) {
                if refusal.code == DUPLICATE_KEY {
                    settled.duplicates.push(Duplicate { loaded, refusal: refusal.json() });
                } else {
                    let error = refused(&refusal.json(), Code::DbQueryError);
                    written.refused.push(Refused { number: loaded.number, error });
                }
            } else if unanswered.as_ref().is_some_and(|list| list.contains(&index)) {
                if unknown.contains(&index) {
                    settled.in_doubt.insert(loaded.number);
                }
                rest.push(loaded);
            } else if ended_at.is_some_and(|end| index > end) {
                rest.push(loaded);
            } else if let Some(id) = id_of(&loaded.document).filter(|_| inserted.contains(&index)) {
                settled.inserted.insert(id, loaded.number);
            }
        }
        self.documents = rest;
        settled
    }
}

/// What is known of a batch after a failure.
#[derive(Default)]
struct Settled {
    /// Their key is there already.
    duplicates: Vec<Duplicate>,
    /// The numbers of those that were sent and not answered.
    in_doubt: HashSet<u64>,
    /// The numbers of those that were inserted, by their `_id`.
    inserted: HashMap<Vec<u8>, u64>,
    /// The server has answered: nothing is in doubt.
    answered: bool,
}

/// What a server said of a document that it did not take.
pub(super) fn refused(refusal: &serde_json::Value, code: Code) -> Error {
    let message = refusal["message"].as_str().unwrap_or("the server refused the document");
    let mut error = Error::new(code, message).detail("server_code", refusal["code"].clone());
    for detail in ["errInfo", "index_name", "key_pattern"] {
        if let Some(told) = refusal.get(detail) {
            error = error.detail(detail, told.clone());
        }
    }
    error
}

/// Whether the server may be back in a moment.
fn is_passing(error: &Error) -> bool {
    matches!(error.code(), Code::DbConnectionFailed | Code::DbTimeout | Code::PoolExhausted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_stands_before_all_fields() {
        let mut batch = Batch::default();
        let document = RawDocumentBuf::try_from(&doc! { "a": 1, "b": 2 }).unwrap();
        batch.add(7, document, Ids::new()).unwrap();
        let written = mongodb::bson::Document::try_from(&batch.documents[0].document).unwrap();
        assert_eq!(written.keys().collect::<Vec<_>>(), ["_id", "a", "b"]);
    }
}
