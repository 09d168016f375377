//! Collections out to files and in again:
//! `/mongodb/{scope}/databases/{db}/collections/{coll}/export` and `…/import`.

mod csv;
mod duplicates;
mod export;
mod ids;
mod import;
mod load;
mod records;
mod values;

use crate::ejson::ShownDocument;
use crate::operations::transfer::Record;
use crate::request::operation::operations;

operations! {
    /// The documents of a collection as a file: NDJSON, one JSON array, or CSV.
    ///
    /// It is sent while it is read; one that is cut off on the way lacks its proper end.
    "mongodb.documents.export" GET "/mongodb/{scope}/databases/{db}/collections/{coll}/export"
        Connection(Mongodb) Read 20 gives file(Documents, Json, Csv; ShownDocument) => export::export;
    /// Inserts the documents of a file, with progress and a problem for each that was refused.
    ///
    /// They are written while the body arrives. An import that was cut off goes on with the same body and
    /// the `resume` that it told last, without writing anything twice.
    "mongodb.documents.import" POST "/mongodb/{scope}/databases/{db}/collections/{coll}/import"
        Connection(Mongodb) Write 20 does by_input takes upload gives records(Record<import::DocumentsImport>)
        => import::import;
}
