//! What a bulk write is asked to do.

use mongodb::bson::{Bson, RawDocumentBuf};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::mongodb::{Change, Selection, Statement, with_id};
use crate::ejson::{Document, Mode, Update};
use crate::error::{Error, Result};
use crate::operations::mongodb::gated::{checked, of_update};
use crate::operations::mongodb::reading::{HintInput, ReadOptions};

/// Writes in one request at most.
const MOST: usize = 100_000;
/// Documents that a preview shows of each write.
const SAMPLE: u32 = 5;
const MOST_SAMPLED: u32 = 20;

/// What to write: one of `updateMany`, `deleteMany` and `bulkWrite`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkInput {
    /// Name of the database.
    pub(super) db: String,
    /// Name of the collection.
    pub(super) coll: String,
    /// Changes all documents that match.
    #[serde(rename = "updateMany")]
    update_many: Option<BulkUpdate>,
    /// Deletes all documents that match.
    #[serde(rename = "deleteMany")]
    delete_many: Option<BulkDelete>,
    /// Writes of any kind, at most 100000: `[{ "insertOne": { "document": … } }, …]`.
    #[serde(rename = "bulkWrite")]
    bulk_write: Option<Vec<WriteInput>>,
    /// Stop at the first write that fails, which is the default, or try them all.
    #[serde(default = "yes")]
    pub(super) ordered: bool,
    /// Must be `true` where the writes together may reach every document of the collection, and do not
    /// say which each of them means: by lists of `_id`s, or one by one with different values of fields.
    #[serde(default)]
    pub(super) confirm: bool,
    /// Write nothing; show how many documents each filter matches, and some of them.
    #[serde(default)]
    pub(super) dry_run: bool,
    /// How many documents a preview shows of each write; 5 if not given, at most 20.
    sample: Option<u32>,
    /// How a preview shows documents.
    #[serde(default)]
    pub(super) ejson: Mode,
}

fn yes() -> bool {
    true
}

/// One write, by the name that drivers give it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum WriteInput {
    /// Inserts a document.
    InsertOne(BulkInsert),
    /// Changes the first document that matches.
    UpdateOne(BulkUpdate),
    /// Changes all documents that match.
    UpdateMany(BulkUpdate),
    /// Puts a document in place of the first that matches.
    ReplaceOne(BulkReplace),
    /// Deletes the first document that matches.
    DeleteOne(BulkDelete),
    /// Deletes all documents that match.
    DeleteMany(BulkDelete),
}

/// What to insert.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BulkInsert {
    /// The document.
    document: Document,
}

/// What to change, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct BulkUpdate {
    /// Which documents.
    filter: Document,
    /// Update operators, or an array of stages.
    update: Update,
    /// Which items of arrays `$[name]` in the operators means.
    #[serde(default)]
    array_filters: Vec<Document>,
    /// Make a document if none matches.
    #[serde(default)]
    upsert: bool,
    /// How text is compared: `{ "locale": "de" }`.
    collation: Option<Document>,
    /// The index to use: its keys, or its name.
    hint: Option<HintInput>,
}

/// What to replace.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BulkReplace {
    /// Which document.
    filter: Document,
    /// The new document.
    replacement: Document,
    /// Make the document if none matches.
    #[serde(default)]
    upsert: bool,
    /// How text is compared: `{ "locale": "de" }`.
    collation: Option<Document>,
    /// The index to use: its keys, or its name.
    hint: Option<HintInput>,
}

/// What to delete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BulkDelete {
    /// Which documents.
    filter: Document,
    /// How text is compared: `{ "locale": "de" }`.
    collation: Option<Document>,
    /// The index to use: its keys, or its name.
    hint: Option<HintInput>,
}

/// A write that passed the gate.
pub(super) enum Write {
    /// A document and its `_id`.
    Insert(Bson, RawDocumentBuf),
    /// A change to one document or many.
    Update(Selection, Change, bool),
    /// A deletion of one document or many.
    Delete(Selection),
}

impl BulkInput {
    /// How many documents a preview shows.
    pub(super) fn sample(&self) -> Result<u32> {
        match self.sample.unwrap_or(SAMPLE) {
            sample @ 0..=MOST_SAMPLED => Ok(sample),
            _ => Err(Error::validation(format!("`sample` must be at most {MOST_SAMPLED}"))),
        }
    }

    /// The writes, in their order.
    pub(super) fn writes(self) -> Result<Vec<Write>> {
        let inputs = match (self.update_many, self.delete_many, self.bulk_write) {
            (Some(update), None, None) => vec![WriteInput::UpdateMany(update)],
            (None, Some(delete), None) => vec![WriteInput::DeleteMany(delete)],
            (None, None, Some(writes)) if !writes.is_empty() => writes,
            _ => {
                return Err(Error::validation(
                    "give one of `updateMany`, `deleteMany`, `bulkWrite`",
                ));
            }
        };
        if inputs.len() > MOST {
            return Err(Error::validation(format!("at most {MOST} writes at a time")));
        }
        let at = |index: usize| move |error: Error| error.context(&format!("write {index}"));
        let checked = inputs.into_iter().enumerate();
        checked.map(|(index, input)| input.checked().map_err(at(index))).collect()
    }
}

impl WriteInput {
    fn checked(self) -> Result<Write> {
        Ok(match self {
            Self::InsertOne(BulkInsert { document }) => {
                let (id, document) = with_id(document.into_raw())?;
                Write::Insert(id, document)
            }
            Self::UpdateOne(input) => input.checked(false)?,
            Self::UpdateMany(input) => input.checked(true)?,
            Self::ReplaceOne(input) => {
                let BulkReplace { filter, replacement, upsert, collation, hint } = input;
                let selection = selection(&filter, false, collation, hint)?;
                Write::Update(selection, Change::Replacement(replacement.into_raw()), upsert)
            }
            Self::DeleteOne(input) => Write::Delete(input.selection(false)?),
            Self::DeleteMany(input) => Write::Delete(input.selection(true)?),
        })
    }
}

impl BulkUpdate {
    fn checked(self, many: bool) -> Result<Write> {
        let Self { filter, update, array_filters, upsert, collation, hint } = self;
        let selection = selection(&filter, many, collation, hint)?;
        Ok(Write::Update(selection, of_update(update, &array_filters)?, upsert))
    }
}

impl BulkDelete {
    fn selection(self, many: bool) -> Result<Selection> {
        selection(&self.filter, many, self.collation, self.hint)
    }
}

fn selection(
    filter: &Document,
    many: bool,
    collation: Option<Document>,
    hint: Option<HintInput>,
) -> Result<Selection> {
    let reading = ReadOptions { collation, hint, ..ReadOptions::default() }.reading()?;
    Ok(Selection { filter: checked(filter)?, many, reading })
}

impl Write {
    /// Which documents it changes or deletes.
    pub(super) fn selection(&self) -> Option<&Selection> {
        match self {
            Self::Insert(..) => None,
            Self::Update(selection, ..) | Self::Delete(selection) => Some(selection),
        }
    }

    /// The `_id` of the document that it inserts.
    pub(super) fn inserted_id(&self) -> Option<Bson> {
        match self {
            Self::Insert(id, _) => Some(id.clone()),
            _ => None,
        }
    }

    /// As the backend takes it.
    pub(super) fn into_statement(self) -> Result<Statement> {
        match self {
            Self::Insert(_, document) => Ok(Statement::insert(document)),
            Self::Update(selection, change, upsert) => {
                Statement::update(&selection, change, upsert)
            }
            Self::Delete(selection) => Statement::delete(&selection),
        }
    }
}
