//! Indexes: what there is, what it is worth, and making, hiding and dropping them.

mod create;
mod key;
mod list;
mod partial;
mod remove;
mod spec;

use crate::request::operation::operations;

operations! {
    /// The indexes of a collection with sizes, usage, build progress and what speaks against them.
    "mongodb.indexes.list" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/indexes"
        Connection(Mongodb) Read 3 => list::list;
    /// Makes an index; as a stream, with progress.
    "mongodb.indexes.create" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/indexes"
        Connection(Mongodb) Write 10 gives stream(crate::request::answer::Undeclared) => create::create;
    /// How much the indexes of a collection take and how often they were used.
    "mongodb.indexes.stats" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/indexes/stats"
        Connection(Mongodb) Read 3 => list::stats;
    /// Removes one index, by its exact name.
    "mongodb.indexes.drop" DELETE "/mongodb/{scope}/databases/{db}/collections/{coll}/indexes/{name}"
        Connection(Mongodb) Write 5 => remove::remove;
}
