//! What a door and an operation share: the request as its operation sees it, and the ways to answer.

#[cfg_attr(not(feature = "checked-answers"), path = "unchecked.rs")]
pub(crate) mod checked;
pub mod context;
pub mod effect;
pub(crate) mod ended;
pub mod feed;
mod guard;
pub mod limit;
pub mod openapi;
pub mod operation;
pub mod params;
pub mod reply;
mod stream;
pub mod subscription;
pub mod tally;
pub mod upload;
