//! Databases, collections and documents of MongoDB.

pub mod aggregate;
pub mod analysis;
mod bulk;
mod by_query;
pub mod catalog;
mod changes;
mod collection;
mod document;
mod find;
mod id;
pub mod indexes;
mod insert;
mod reading;
mod seen;
pub mod server;
pub mod transfer;
pub mod watch;

use crate::request::operation::operations;

operations! {
    /// One page of documents that match a filter.
    "mongodb.documents.find" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/documents"
        Connection(Mongodb) Read 5 => find::find;
    /// Inserts one document or several.
    "mongodb.documents.insert" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/documents"
        Connection(Mongodb) Write 5 => insert::insert;
    /// One document, by its `_id`.
    "mongodb.documents.get" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/documents/{id}"
        Connection(Mongodb) Read 1 => document::get;
    /// Changes or replaces one document.
    "mongodb.documents.update" PUT "/mongodb/{scope}/databases/{db}/collections/{coll}/documents/{id}"
        Connection(Mongodb) Write 2 => document::update;
    /// Deletes one document.
    "mongodb.documents.delete" DELETE "/mongodb/{scope}/databases/{db}/collections/{coll}/documents/{id}"
        Connection(Mongodb) Write 2 => document::delete;
    /// Changes, deletes or inserts many documents, or shows how many it would reach.
    "mongodb.documents.bulk" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/documents/bulk"
        Connection(Mongodb) Write 10 does by_input => bulk::run;
    /// The collections of the database given as `databaseName`.
    "mongodb.collections.list_by_query" GET "/mongodb/{scope}/collections"
        Connection(Mongodb) Read 5 => by_query::collections;
    /// One page of the documents of `collection` in `databaseName`.
    "mongodb.documents.find_by_query" GET "/mongodb/{scope}/documents"
        Connection(Mongodb) Read 5 => find::find;
    /// Sizes of the database given as `databaseName`.
    "mongodb.databases.stats_by_query" GET "/mongodb/{scope}/stats"
        Connection(Mongodb) Read 2 => by_query::stats;
}
