//! What holds documents: databases, collections and their indexes.

mod collections;
mod databases;
mod define;
mod indexes;
mod privileges;

pub use self::collections::{CollectionEntry, CollectionKind, CollectionSizes};
pub use self::databases::{DatabaseEntry, DatabaseSizes};
pub use self::indexes::{
    Advice, AdviceKind, Built, HostUsage, IndexEntry, IndexKind, Indexes, Progress, Usage,
    default_name,
};
