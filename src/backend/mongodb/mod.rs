//! MongoDB, through the `mongodb` crate.
//!
//! A [`Client`] is the driver with its own way out ([`driver`]). What a request does with it is a
//! [`Call`] ([`command`]): admitted, bounded in time, told truly when it fails. Results are written
//! from raw BSON straight to JSON.
//!
//! Documents are found in [`read`] and changed in [`write`]; what holds them (databases, collections,
//! indexes) is in [`catalog`], and what a server does in [`server`].

mod cap;
mod catalog;
mod client;
mod command;
mod driver;
mod explain;
pub mod gate;
mod names;
mod probe;
mod read;
mod schema;
mod server;
mod types;
mod watch;
mod write;

pub use self::cap::{Cap, End};
pub use self::catalog::{
    Advice, AdviceKind, Built, CollectionEntry, CollectionKind, CollectionSizes, DatabaseEntry,
    DatabaseSizes, HostUsage, IndexEntry, IndexKind, Indexes, Progress, Usage, default_name,
};
pub use self::client::Client;
pub use self::command::{Call, encoded, insert_given};
pub use self::driver::MongoTopology;
pub use self::explain::{
    Engine, Explained, Index, Node, Summary, Verbosity, Warning, WarningCode, plan, summarize,
};
pub use self::names::{Namespace, check_database, check_index_name, check_removable};
pub use self::probe::probe;
pub use self::read::{
    AggregateOptions, Batch, Count, CountKind, Distinct, Documents, FoundBy, Identity, Order,
    Position, Preview, Query, Reading, Source, Step, collation,
};
pub use self::schema::{DocumentsShown, Limits, Method, Profile};
pub use self::server::{
    Ending, Member, Operation, Operations, Pool, RecordCursor, Recorded, Records, Replication,
    Server, Shard, Status, Watch,
};
pub use self::watch::{
    BeforeChange, ChangeStream, Changes, FullDocument, News, Start, WatchOptions, Watched,
    history_is_lost,
};
pub use self::write::{
    BulkFailure, Change, ChangeFailure, Changed, InsertFailure, Report, Selection, Sent, Statement,
    WriteError, with_id, with_this_id,
};
