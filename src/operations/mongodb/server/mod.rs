//! The server itself: its figures, what it is doing, and what its profiler recorded.

mod operations;
mod profile;
mod status;

use crate::request::operation::operations;

operations! {
    /// Version, figures, replica set or shards of a server, and our connections to it.
    "mongodb.server" GET "/mongodb/{scope}/server"
        Connection(Mongodb) Read 3 cache 30 => status::status;
    /// The operations that run on a server.
    "mongodb.operations.list" GET "/mongodb/{scope}/operations"
        Connection(Mongodb) Admin 5 => operations::list;
    /// Ends an operation.
    "mongodb.operations.kill" DELETE "/mongodb/{scope}/operations/{opid}"
        Connection(Mongodb) Admin 5 => operations::kill;
    /// What the profiler of a database recorded.
    "mongodb.profile" GET "/mongodb/{scope}/databases/{db}/profile"
        Connection(Mongodb) Admin 5 => profile::profile;
}
