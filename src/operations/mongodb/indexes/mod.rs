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
    ///
    /// By name. What the connection's user may not know is `null`; `mongodb.indexes.stats` says why.
    "mongodb.indexes.list" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/indexes"
        Connection(Mongodb) Read 3 => list::list;
    /// Makes an index; as a stream, with progress.
    ///
    /// It is given up when the caller leaves or the request's time is up. As a stream it has as long as
    /// it takes, while somebody listens; with `background` it is built on, as long as this process
    /// lives, and the status is 202 if it is not ready in time.
    "mongodb.indexes.create" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/indexes"
        Connection(Mongodb) Write 10 gives stream(create::IndexRecord) => create::create;
    /// How much the indexes of a collection take and how often they were used.
    ///
    /// With the reasons for what could not be told.
    "mongodb.indexes.stats" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/indexes/stats"
        Connection(Mongodb) Read 3 => list::stats;
    /// Removes one index, by its exact name.
    ///
    /// One that is still being built is given up.
    "mongodb.indexes.drop" DELETE "/mongodb/{scope}/databases/{db}/collections/{coll}/indexes/{name}"
        Connection(Mongodb) Write 5 => remove::remove;
}
