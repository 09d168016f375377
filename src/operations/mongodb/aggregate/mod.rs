//! Aggregation: `/mongodb/{scope}/databases/{db}/[collections/{coll}/]aggregate`.

mod input;
mod preview;
mod run;

pub(super) use self::input::{RunOptions, allowed};
use crate::request::operation::operations;

operations! {
    /// Runs an aggregation pipeline on a collection.
    ///
    /// Answers with a list of the resulting documents. One of more than 1000 is refused unless a `limit`
    /// cuts it. With `Accept: application/x-ndjson` the documents are sent one per line while they are
    /// read, however many there are; a failure then cuts the answer off. A pipeline that writes with
    /// `$out` or `$merge` needs write permission and `confirm`, and answers with an empty list, or no
    /// lines, once it has written.
    "mongodb.aggregate" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/aggregate"
        Connection(Mongodb) Read 10 does by_input gives documents => run::run;
    /// What each stage of a pipeline does, on a sample.
    ///
    /// Nothing is written: stages that write are skipped. A stage that fails has its `error`, and those
    /// after it are skipped.
    "mongodb.aggregate.preview" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/aggregate/preview"
        Connection(Mongodb) Read 20 does reads => preview::preview;
    /// Runs a pipeline whose first stage needs no collection.
    ///
    /// Answers as on a collection. What it reads is not written anywhere.
    "mongodb.aggregate.database" POST "/mongodb/{scope}/databases/{db}/aggregate"
        Connection(Mongodb) Read 10 does reads gives documents => run::run_on_database;
}
