//! What is in a collection and how it is found: below
//! `/mongodb/{scope}/databases/{db}/collections/{coll}`.

mod count;
mod distinct;
mod explain;
mod schema;

use crate::request::operation::operations;

operations! {
    /// How many documents match a filter.
    ///
    /// Without a filter and without a hint, the number is the one in the collection's metadata, unless
    /// `exact` is asked for. Counting that takes too long is no failure.
    "mongodb.count" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/count"
        Connection(Mongodb) Read 5 does reads => count::count;
    /// The different values of a field.
    ///
    /// Arrays on the way are entered.
    "mongodb.distinct" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/distinct"
        Connection(Mongodb) Read 10 does reads => distinct::distinct;
    /// What documents look like, learned from a sample of them.
    ///
    /// As a stream, with progress.
    "mongodb.schema" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/schema"
        Connection(Mongodb) Read 10 does reads gives stream(schema::SampleRecord) => schema::schema;
    /// How the server finds what is asked for.
    ///
    /// Explanations of all versions, engines and topologies have one form. Nothing is ever written for
    /// them.
    "mongodb.explain" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/explain"
        Connection(Mongodb) Read 10 does reads => explain::explain;
}
