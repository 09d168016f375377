//! Writing documents: one at a time, or many in one request.

mod bulk;
mod change;
mod diff;
mod exact;
mod insert;

pub use self::bulk::{Report, Selection, Statement};
pub use self::change::{Change, Changed};
pub use self::insert::with_id;
