//! Change streams: aggregations without an end.
//!
//! A [`ChangeStream`] always knows the token after which it would go on. When its cursor is lost (the
//! connection was cut, another member became primary, the cursor was forgotten) a new one begins
//! there, so that no event is missed and none comes twice. Whatever else fails ends it.

mod changes;
mod failure;
mod options;
mod stream;
mod turns;

pub use self::changes::Changes;
pub use self::failure::history_is_lost;
pub use self::options::{BeforeChange, FullDocument, Start, WatchOptions, Watched};
pub use self::stream::{ChangeStream, News};
pub(super) use self::turns::Turns;
