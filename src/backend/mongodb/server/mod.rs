//! A server: what it says of itself, what it does at this moment, and what it has recorded.

mod operations;
mod overview;
mod profiler;
mod redact;
mod replication;
mod running;
mod status;

pub use self::operations::{Ending, Operation, Operations, Watch};
pub use self::overview::{Pool, Server};
pub use self::profiler::{RecordCursor, Recorded, Records};
pub use self::replication::{Member, Replication, Shard};
pub(super) use self::running::RunningOperations;
pub use self::status::Status;
