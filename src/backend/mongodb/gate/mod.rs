//! What filters, updates and pipelines may contain.
//!
//! Documents are walked, at every depth, never searched as text. Server-side JavaScript is refused to
//! everyone; stages are on a list, and one that is not is refused, because a stage that we don't know
//! may write or may read what belongs to others.

mod expression;
mod pipeline;
#[cfg(test)]
mod properties;
mod stages;
#[cfg(test)]
mod tests;

pub use self::expression::{expression, update};
pub use self::pipeline::{Needs, pipeline, view};
pub use self::stages::{change_stream, update_pipeline};
