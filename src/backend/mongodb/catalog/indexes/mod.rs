//! The indexes of a collection: what there is, what it costs and what it is worth.

mod advice;
mod build;
mod kind;
mod list;
mod usage;

pub use self::advice::{Advice, AdviceKind};
pub use self::build::{Built, Progress};
pub use self::kind::{IndexKind, default_name};
pub use self::list::{IndexEntry, Indexes};
pub use self::usage::{HostUsage, Usage};
