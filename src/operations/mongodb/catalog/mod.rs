//! Databases and collections: what there is, and how it is defined.

mod change;
mod definition;
mod modification;
mod options;
mod rules;
mod validator;

pub(super) mod collections;
pub(super) mod databases;

use schemars::JsonSchema;
use serde::Serialize;

use crate::request::operation::operations;

operations! {
    /// The databases of a server, with their sizes.
    ///
    /// By name. A user that may not list databases is shown those that its privileges name.
    "mongodb.databases.list" GET "/mongodb/{scope}/databases"
        Connection(Mongodb) Read 2 => databases::list;
    /// Makes a database with its first collection.
    ///
    /// `CONFLICT` if there is one whose name differs in case at most.
    "mongodb.databases.create" POST "/mongodb/{scope}/databases"
        Connection(Mongodb) Write 2 => databases::create;
    /// Removes a database with everything in it.
    ///
    /// Only if `confirm` repeats its name; never one that servers need.
    "mongodb.databases.drop" DELETE "/mongodb/{scope}/databases/{db}"
        Connection(Mongodb) Admin 5 => databases::drop;
    /// Sizes of a database.
    ///
    /// In units of `scale` bytes: of its documents, of its collections and indexes on disk, and of the disk.
    "mongodb.databases.stats" GET "/mongodb/{scope}/databases/{db}/stats"
        Connection(Mongodb) Read 2 => databases::stats;
    /// The collections and views of a database, with their sizes.
    ///
    /// By name, and as far as the connection's user may see them.
    "mongodb.collections.list" GET "/mongodb/{scope}/databases/{db}/collections"
        Connection(Mongodb) Read 5 => collections::list;
    /// Makes a collection or a view.
    ///
    /// `CONFLICT` if there is one of this name.
    "mongodb.collections.create" POST "/mongodb/{scope}/databases/{db}/collections"
        Connection(Mongodb) Write 2 => collections::create;
    /// Removes a collection or a view with everything in it.
    ///
    /// Only if `confirm` repeats its name.
    "mongodb.collections.drop" DELETE "/mongodb/{scope}/databases/{db}/collections/{coll}"
        Connection(Mongodb) Admin 5 => collections::drop;
    /// Renames a collection, or changes its validator, its options or one of its indexes.
    ///
    /// One of these at a time. What removes documents or a collection needs admin permission, and
    /// `confirm`.
    "mongodb.collections.change" PATCH "/mongodb/{scope}/databases/{db}/collections/{coll}"
        Connection(Mongodb) Write 5 => change::change;
    /// Looks for documents that a validator would refuse.
    ///
    /// The validator need not be that of the collection.
    "mongodb.collections.validate" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/validate"
        Connection(Mongodb) Read 10 does reads => validator::validate;
}

/// What was removed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Dropped {
    /// Its name.
    pub(super) dropped: String,
}
