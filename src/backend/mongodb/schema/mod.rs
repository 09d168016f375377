//! What documents look like, learned from a sample of them.
//!
//! Stored documents are walked as they are. What is kept has a bound whatever they hold: so many
//! paths, and for each so many values.

mod distinct;
mod field;
mod frequent;
mod order;
mod profile;
mod sample;
mod shown;

pub use self::profile::{Limits, Profile};
pub use self::sample::Method;
pub use self::shown::DocumentsShown;
