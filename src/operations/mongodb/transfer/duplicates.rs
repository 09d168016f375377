//! Documents that a server refused because a unique value is there already.
//!
//! The value may be that of the `_id`, or any other that the collection has once: only the first says
//! that the document itself is there. And after an answer was lost, the one that is there may be our
//! own, which must be seen and not be taken for granted.

use std::collections::HashMap;

use mongodb::bson::{RawDocument, RawDocumentBuf};
use serde_json::Value;

use super::load::{Loaded, Refused, Written, refused};
use crate::backend::mongodb::{Call, Namespace};
use crate::ejson::raw::Reader;
use crate::error::{Code, Error, Result};
use crate::operations::transfer::OnConflict;
use crate::outcome::Outcome;

/// A document that was refused.
pub(super) struct Duplicate {
    pub(super) loaded: Loaded,
    /// What the server said.
    pub(super) refusal: Value,
}

/// Finds out what became of them.
pub(super) struct Judge<'n> {
    pub(super) namespace: &'n Namespace,
    pub(super) on_conflict: OnConflict,
    /// Records before this one may have been sent before, in an attempt whose answer was lost.
    pub(super) sent_before: u64,
    /// What was inserted beside them: the numbers of the records, by their `_id`.
    pub(super) inserted: HashMap<Vec<u8>, u64>,
}

/// What is seen of a document that was sent and is not there.
const GONE: &str = "it is not in the collection now";

/// What became of one.
enum Verdict {
    /// It is there since the attempt whose answer was lost.
    Inserted,
    /// A document with its `_id` is there.
    There,
    /// It was not taken, or nobody knows.
    Refused(Error),
}

impl Judge<'_> {
    /// Tells of each what became of it.
    pub(super) async fn settle(
        &self,
        call: &Call<'_>,
        duplicates: Vec<Duplicate>,
        written: &mut Written,
    ) {
        let (ours, others): (Vec<_>, Vec<_>) = duplicates
            .into_iter()
            .partition(|duplicate| duplicate.loaded.id_is_ours && self.was_sent(&duplicate.loaded));
        let mut verdicts = self.of_ours(call, ours).await;
        verdicts.extend(self.of_others(call, others).await);
        for (number, verdict) in verdicts {
            match verdict {
                Verdict::Inserted => written.inserted += 1,
                Verdict::There => written.skipped += 1,
                Verdict::Refused(error) => {
                    written.in_doubt |= error.known_outcome() == Outcome::Unknown;
                    written.refused.push(Refused { number, error });
                }
            }
        }
    }

    /// Documents whose `_id` this import made. One that is there as it was sent was inserted.
    async fn of_ours(&self, call: &Call<'_>, ours: Vec<Duplicate>) -> Vec<(u64, Verdict)> {
        let stored = self.stored(call, &ours, true).await;
        let verdict = |ours: &Duplicate| {
            let document = &ours.loaded.document;
            let seen = match stored.as_ref().map(|stored| find(stored, document)) {
                Ok(Some(found)) if found.as_bytes() == document.as_bytes() => {
                    return (ours.loaded.number, Verdict::Inserted);
                }
                Ok(Some(_)) => {
                    "a document with the `_id` that it was given is there and is not the same"
                }
                Ok(None) => GONE,
                Err(_) => "whether it is there could not be looked up",
            };
            (ours.loaded.number, self.refuse(ours, seen))
        };
        ours.iter().map(verdict).collect()
    }

    /// All others.
    async fn of_others(&self, call: &Call<'_>, others: Vec<Duplicate>) -> Vec<(u64, Verdict)> {
        if self.on_conflict != OnConflict::Skip {
            let refuse = |duplicate: &Duplicate| {
                let seen = "that attempt may have written it";
                (duplicate.loaded.number, self.refuse(duplicate, seen))
            };
            return others.iter().map(refuse).collect();
        }
        let (there, open): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|duplicate| is_of_id(&duplicate.refusal["key_pattern"]));
        let mut verdicts: Vec<(u64, Verdict)> =
            there.into_iter().map(|there| (there.loaded.number, Verdict::There)).collect();
        // An older server does not tell the index; and where it is another one, the `_id` may be there
        // as well.
        let stored = self.stored(call, &open, false).await;
        for duplicate in &open {
            let loaded = &duplicate.loaded;
            let beside = id_of(&loaded.document).and_then(|id| self.inserted.get(&id));
            if beside.is_some_and(|number| *number > loaded.number) {
                let seen = "a record after it has its `_id`";
                verdicts.push((loaded.number, self.refuse(duplicate, seen)));
                continue;
            }
            let known =
                stored.as_ref().is_ok_and(|stored| find(stored, &loaded.document).is_some());
            let there = match &stored {
                _ if known => Ok(true),
                // It may be equal and not look the same: 1 and 1.0.
                Ok(_) => {
                    call.current(self.namespace, &loaded.id).await.map(|found| found.is_some())
                }
                Err(error) => Err(error.clone()),
            };
            let verdict = match there {
                Ok(true) => Verdict::There,
                Ok(false) => self.refuse(duplicate, GONE),
                Err(_) => {
                    let seen = "whether a document with its `_id` is there could not be looked up";
                    self.refuse(duplicate, seen)
                }
            };
            verdicts.push((loaded.number, verdict));
        }
        verdicts
    }

    async fn stored(
        &self,
        call: &Call<'_>,
        duplicates: &[Duplicate],
        whole: bool,
    ) -> Result<Stored> {
        if duplicates.is_empty() {
            return Ok(Stored::new());
        }
        let ids = duplicates.iter().map(|duplicate| duplicate.loaded.id.clone()).collect();
        let stored = call.stored(self.namespace, ids, whole).await?;
        Ok(stored.into_iter().filter_map(|found| Some((id_of(&found)?, found))).collect())
    }

    fn was_sent(&self, loaded: &Loaded) -> bool {
        loaded.number < self.sent_before
    }

    /// Another has its unique value. If it was sent before, that attempt may have been the one.
    fn refuse(&self, Duplicate { loaded, refusal }: &Duplicate, seen: &str) -> Verdict {
        let error = refused(refusal, Code::Conflict);
        if !self.was_sent(loaded) {
            return Verdict::Refused(error);
        }
        let message = format!("{}; it was sent before, without an answer: {seen}", error.message());
        let unknown = Error::new(Code::Conflict, message).outcome(Outcome::Unknown);
        let details = error.details().iter();
        Verdict::Refused(
            details.fold(unknown, |error, (name, value)| error.detail(name, value.clone())),
        )
    }
}

/// Documents by the type and the bytes of their `_id`.
type Stored = HashMap<Vec<u8>, RawDocumentBuf>;

fn find<'s>(stored: &'s Stored, document: &RawDocument) -> Option<&'s RawDocumentBuf> {
    stored.get(&id_of(document)?)
}

/// The type and the bytes of a document's `_id`.
pub(super) fn id_of(document: &RawDocument) -> Option<Vec<u8>> {
    let mut reader = Reader::of(document.as_bytes()).ok()?;
    while let Some(field) = reader.field().ok()? {
        if field.name == b"_id" {
            return Some([&[field.kind], field.value].concat());
        }
    }
    None
}

/// Whether these keys, as a server tells them of an index, are those of `_id` and nothing else. An
/// index of any name can have them, and one that is named like it can have others.
fn is_of_id(keys: &Value) -> bool {
    let only = keys.as_object().filter(|keys| keys.len() == 1).and_then(|keys| keys.get("_id"));
    // A number like 1.0 is one too.
    only.and_then(Value::as_f64).is_some_and(|order| (order - 1.0).abs() < f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_keys_of_the_id_are_those_of_the_id() {
        for keys in [json!({ "_id": 1 }), json!({ "_id": 1.0 })] {
            assert!(is_of_id(&keys), "{keys}");
        }
        for keys in [
            json!(null),
            json!({}),
            json!({ "_id": -1 }),
            json!({ "_id": "hashed" }),
            json!({ "_id": 1, "a": 1 }),
            json!({ "a": 1, "_id": 1 }),
            json!({ "_id.a": 1 }),
            json!({ "$**": 1 }),
        ] {
            assert!(!is_of_id(&keys), "{keys}");
        }
    }
}
