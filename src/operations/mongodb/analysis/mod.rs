//! What is in a collection and how it is found: below
//! `/mongodb/{scope}/databases/{db}/collections/{coll}`.

mod count;
mod distinct;
mod explain;
mod schema;

use crate::request::operation::operations;

operations! {
    /// How many documents match a filter.
    "mongodb.count" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/count"
        Connection(Mongodb) Read 5 does reads => count::count;
    /// The different values of a field.
    "mongodb.distinct" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/distinct"
        Connection(Mongodb) Read 10 does reads => distinct::distinct;
    /// What documents look like, learned from a sample of them.
    "mongodb.schema" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/schema"
        Connection(Mongodb) Read 10 does reads gives stream(crate::request::answer::Undeclared) => schema::schema;
    /// How the server finds what is asked for.
    "mongodb.explain" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/explain"
        Connection(Mongodb) Read 10 does reads => explain::explain;
}
