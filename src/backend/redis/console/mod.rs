//! Commands of a user's choice, which the [gate](super::gate) lets in: one as a console sends it, typed
//! as one line ([`split`]) and answered with the kind of each part, or a [`batch`] of many.

pub mod batch;
mod command;
mod line;
mod reply;
mod script;

pub use command::Answer;
pub use line::split;
pub use reply::transcode;
