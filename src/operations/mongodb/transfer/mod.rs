//! Collections out to files and in again:
//! `/mongodb/{scope}/databases/{db}/collections/{coll}/export` and `…/import`.

mod columns;
mod duplicates;
mod export;
mod ids;
mod import;
mod load;
mod records;
mod rows;
mod values;

use crate::request::operation::operations;

operations! {
    /// The documents of a collection as a file: NDJSON, one JSON array, or CSV.
    "mongodb.documents.export" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/export"
        Connection(Mongodb) Read 20 gives file(Documents, Json, Csv; crate::ejson::Document) => export::export;
    /// Inserts the documents of a file, and reports each that was refused.
    "mongodb.documents.import" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/import"
        Connection(Mongodb) Write 20 does by_input takes upload gives records(crate::request::answer::Undeclared) => import::import;
}
