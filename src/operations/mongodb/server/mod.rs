//! The server itself: its figures, what it is doing, and what its profiler recorded.

mod operations;
mod profile;
mod status;

use crate::request::operation::operations;

operations! {
    /// Version, figures, replica set or shards of a server, and our connections to it.
    ///
    /// What the connection's user may not know is `null`, and `warnings` has why.
    "mongodb.server" GET "/mongodb/{scope}/server"
        Connection(Mongodb) Read 3 cache 30 => status::status;
    /// The operations that run on a server.
    ///
    /// The longest first. Where the connection's user may not see those of others, `warnings` says so.
    /// What logs somebody in is never shown, and values only where they are asked for.
    "mongodb.operations.list" GET "/mongodb/{scope}/operations"
        Connection(Mongodb) Admin 5 => operations::list;
    /// Ends an operation.
    ///
    /// It ends where it can be interrupted: `ended` says whether it was gone a moment later. One that the
    /// server runs for itself is refused.
    "mongodb.operations.kill" DELETE "/mongodb/{scope}/operations/{opid}"
        Connection(Mongodb) Admin 5 => operations::kill;
    /// What the profiler of a database recorded.
    ///
    /// One page, from the newest record on.
    "mongodb.profile" GET "/mongodb/{scope}/databases/{db}/profile"
        Connection(Mongodb) Admin 5 => profile::profile;
}
