//! What a page of documents is asked for with.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::mongodb::{Cap, Identity, Namespace, Order, Position, Query};
use crate::ejson::{Document, Mode, ShownAs};
use crate::error::{Error, Result};
use crate::operations::mongodb::gated::checked;
use crate::operations::mongodb::reading::{HintInput, ReadOptions};
use crate::request::params::within;

const LIMIT: u32 = 20;
const MOST: u32 = 1000;

/// Which documents to show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindInput {
    /// Name of the database, which `databaseName` can name as well; the connection's own if not given.
    #[serde(alias = "databaseName")]
    pub(super) db: Option<String>,
    /// Name of the collection, which `collection` can name as well.
    #[serde(alias = "collection")]
    pub(super) coll: String,
    /// A query; all documents if not given.
    pub(super) filter: Option<Document>,
    /// Which fields to show.
    pub(super) projection: Option<Document>,
    /// In which order.
    pub(super) sort: Option<Document>,
    /// How many at most; 20 if not given, at most 1000.
    pub(super) limit: Option<u32>,
    /// How many to pass over. The server walks through them, so a large number is slow.
    #[serde(default)]
    pub(super) skip: u64,
    /// Where to begin: the `next_cursor` of the page before, or nothing for the first page. Documents
    /// are then sorted by their `_id` in the end, and by it alone without a `sort`. Pages stay in step
    /// while documents come and go, and are quick at any depth if there is an index on the fields of
    /// the sort and `_id`. Not for sorts by computed scores or items of arrays.
    pub(super) cursor: Option<String>,
    /// How text is compared: `{ "locale": "de", "strength": 2 }`.
    pub(super) collation: Option<Document>,
    /// The index to use.
    pub(super) hint: Option<HintInput>,
    /// Milliseconds after which the server gives up; never more than the request has left.
    #[serde(rename = "maxTimeMS")]
    pub(super) max_time_ms: Option<u64>,
    /// `primary`, `primaryPreferred`, `secondary`, `secondaryPreferred` or `nearest`.
    #[serde(rename = "readPreference")]
    pub(super) read_preference: Option<String>,
    /// `local`, `available`, `majority`, `linearizable` or `snapshot`.
    #[serde(rename = "readConcern")]
    pub(super) read_concern: Option<String>,
    /// Values that expressions in the filter can name, as `$$name`. Nothing is counted then.
    #[serde(rename = "let")]
    pub(super) variables: Option<Document>,
    /// `relaxed` for display, which is the default, or `canonical` for editing, which is that of texts.
    pub(super) ejson: Option<Mode>,
    /// `text` for documents as texts that hold Extended JSON: no parser on the way changes the order of
    /// their fields, or what their numbers look like.
    #[serde(default, rename = "as")]
    pub(super) shown_as: ShownAs,
    /// Whether to find out how many documents there are; it does unless this is `false`.
    pub(super) count: Option<bool>,
}

/// A walk through a result in pages, at this page.
pub(super) struct Walk {
    pub(super) order: Order,
    /// Where the page begins; at the beginning if not given.
    pub(super) from: Option<Position>,
    pub(super) identity: Identity,
}

impl FindInput {
    /// How many documents a page has.
    pub(super) fn limit(&self) -> Result<u32> {
        within("limit", self.limit.unwrap_or(LIMIT), 1..=MOST)
    }

    pub(super) fn options(&self) -> ReadOptions {
        ReadOptions {
            max_time_ms: self.max_time_ms,
            collation: self.collation.clone(),
            hint: self.hint.clone(),
            read_preference: self.read_preference.clone(),
            read_concern: self.read_concern.clone(),
        }
    }

    /// The query, once it passed the gate. Its answer has so many bytes at most.
    pub(super) fn query(&self, max_bytes: usize) -> Result<Query> {
        if i64::try_from(self.skip).is_err() {
            return Err(Error::validation("`skip` is too large"));
        }
        let checked = |document: &Option<Document>| document.as_ref().map(checked).transpose();
        Ok(Query {
            filter: checked(&self.filter)?.unwrap_or_default(),
            projection: checked(&self.projection)?,
            sort: checked(&self.sort)?,
            skip: self.skip,
            variables: checked(&self.variables)?,
            reading: self.options().reading()?,
            cap: Cap { documents: self.limit()?, bytes: max_bytes },
        })
    }

    /// The walk that the page is a part of, if it is of one.
    pub(super) fn walk(&self, namespace: &Namespace, query: &Query) -> Result<Option<Walk>> {
        let Some(text) = &self.cursor else { return Ok(None) };
        let order = Order::new(query.sort.as_ref())?;
        let parts = [&self.filter, &self.sort, &self.collation, &self.variables];
        let parts = parts.map(|part| part.as_ref().map(Document::raw));
        let identity = Identity::of(namespace, &parts);
        if text.is_empty() {
            return Ok(Some(Walk { order, from: None, identity }));
        }
        if self.skip > 0 {
            return Err(Error::validation("`skip` and `cursor` contradict each other"));
        }
        let from = Some(Position::decode(text, identity, order.len())?);
        Ok(Some(Walk { order, from, identity }))
    }
}
