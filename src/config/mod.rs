//! The configuration: environment variables, each overridable by an option of `ConnectionManager`.
//!
//! [`SETTINGS`] is the one list: name, option, default, meaning and how the value is read. A
//! bad value is refused at start with the variable's name, and never shown where it may be secret.

mod beside;
mod effective;
mod fingerprint;
mod load;
mod read;
mod table;
mod unread;
mod value;

pub use self::effective::{Authorization, Config, RateLimit};
pub use self::table::{Fallback, SETTINGS, Setting};
pub(crate) use self::value::origin;

#[cfg(test)]
mod tests;
