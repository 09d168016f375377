//! Aggregation: `/mongodb/{scope}/databases/{db}/[collections/{coll}/]aggregate`.

mod input;
mod preview;
mod run;

pub(super) use self::input::{RunOptions, allowed};
use crate::request::operation::operations;

operations! {
    /// Runs an aggregation pipeline on a collection.
    "mongodb.aggregate" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/aggregate"
        Connection(Mongodb) Read 10 does by_input gives documents => run::run;
    /// What each stage of a pipeline does, on a sample. Nothing is written.
    "mongodb.aggregate.preview" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/aggregate/preview"
        Connection(Mongodb) Read 20 does reads => preview::preview;
    /// Runs a pipeline whose first stage needs no collection.
    "mongodb.aggregate.database" POST "/mongodb/{scope}/databases/{db}/aggregate"
        Connection(Mongodb) Read 10 does reads gives documents => run::run_on_database;
}
