//! The platform database, where the Studio keeps its projects and what belongs to them.
//!
//! [`Platform`] is the pool of sessions that everything above reads and writes through: `dialer` logs
//! in (`tls`), `session` is one of them, `failure` says what went wrong and `answering` whether it was
//! reached. `notices` tells of changes by other instances, `cache` keeps what was read, `cell` and `sanitize` read what others may have put there, and `migrations` makes
//! the tables.
//!
//! What the tables mean is the affair of those who stand on this.

mod answering;
pub(crate) mod cache;
mod cell;
mod dashboard;
mod dialer;
mod failure;
pub mod migrations;
pub(crate) mod notices;
mod pool;
mod sanitize;
mod session;
mod tls;

pub(crate) use cell::{cell, named};
pub(crate) use pool::Lent;
pub use pool::Platform;
pub(crate) use sanitize::sanitized_json;
pub(crate) use session::Parameters;
