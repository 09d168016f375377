//! Databases, collections and documents of MongoDB.

pub mod aggregate;
pub mod analysis;
mod bulk;
mod by_query;
pub mod catalog;
mod collection;
mod conditional;
mod document;
mod find;
mod gated;
mod id;
pub mod indexes;
mod insert;
mod reading;
pub mod server;
pub mod transfer;
pub mod watch;

use crate::request::operation::operations;

operations! {
    /// One page of documents that match a filter.
    ///
    /// With `cursor` pages stay in step while documents come and go.
    "mongodb.documents.find" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/documents"
        Connection(Mongodb) Read 5 => find::find;
    /// Inserts one document or several.
    ///
    /// Those without an `_id` are given one. A failure says in its details which were inserted although
    /// others were refused.
    "mongodb.documents.insert" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/documents"
        Connection(Mongodb) Write 5 => insert::insert;
    /// One document, by its `_id`.
    ///
    /// Its etag, for `if_match` of a change, is in the header `ETag`, and beside the document where that
    /// is asked for.
    "mongodb.documents.get" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/documents/{id}"
        Connection(Mongodb) Read 1 => document::get;
    /// Changes or replaces one document.
    ///
    /// With `if_match` or `if_unchanged`, only while it is still what the caller saw: the failure is
    /// `CONFLICT` otherwise, with the current document and its etag in its details.
    "mongodb.documents.update" PUT "/mongodb/{scope}/databases/{db}/collections/{coll}/documents/{id}"
        Connection(Mongodb) Write 2 => document::update;
    /// Deletes one document.
    ///
    /// `if_match` and `if_unchanged` are as for a change.
    "mongodb.documents.delete" DELETE "/mongodb/{scope}/databases/{db}/collections/{coll}/documents/{id}"
        Connection(Mongodb) Write 2 => document::delete;
    /// Changes, deletes or inserts many documents, or shows how many it would reach.
    ///
    /// A failure has the figures of what was written in its details, with `write_errors` (`index`,
    /// `code`, `message`, `errInfo`), and `unknown_indexes` of the writes whose answer was lost. None of
    /// them is sent again.
    "mongodb.documents.bulk" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/documents/bulk"
        Connection(Mongodb) Write 10 does by_input => bulk::run;
    /// The collections of the database given as `databaseName`.
    ///
    /// As `mongodb.collections.list`.
    "mongodb.collections.list_by_query" GET "/mongodb/{scope}/collections"
        Connection(Mongodb) Read 5 => by_query::collections;
    /// One page of the documents of `coll` in `db`.
    ///
    /// As `mongodb.documents.find`, with both in the query, where they may be called `collection` and
    /// `databaseName` as well.
    "mongodb.documents.find_by_query" GET "/mongodb/{scope}/documents"
        Connection(Mongodb) Read 5 => find::find;
    /// Sizes of the database given as `databaseName`.
    ///
    /// As `mongodb.databases.stats`.
    "mongodb.databases.stats_by_query" GET "/mongodb/{scope}/stats"
        Connection(Mongodb) Read 2 => by_query::stats;
}
