//! Writing documents: one at a time, or many in one request.

mod bulk;
mod change;
mod diff;
mod exact;
mod insert;

pub use self::bulk::{BulkFailure, Report, Selection, Sent, Statement, WriteError};
pub use self::change::{Change, ChangeFailure, Changed};
pub use self::insert::{InsertFailure, with_id, with_this_id};
