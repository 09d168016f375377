//! Reading documents: `find`, `count`, `aggregate` and `distinct`, page by page or as a stream.

mod aggregate;
mod current;
mod cursor;
mod distinct;
mod find;
mod paging;
mod preview;
mod reading;

pub use self::aggregate::{AggregateOptions, Source};
pub(super) use self::current::{by_id, primary};
pub use self::cursor::{Batch, Documents};
pub use self::distinct::{Distinct, FoundBy};
pub use self::find::{Count, CountKind, Query};
pub use self::paging::{Identity, Order, Position};
pub use self::preview::{Preview, Step};
pub use self::reading::{Reading, collation};
