//! What a database holds, as its own catalog tells it.

mod extensions;
mod tables;
mod types;

pub(super) use self::extensions::Owners;
pub use self::tables::TableFilter;
pub(super) use self::types::TypeNames;
