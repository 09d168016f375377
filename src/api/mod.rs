//! HTTP in, operation, HTTP out. Nothing here knows a backend, but that a Redis may hold the rate
//! limit.

mod arriving;
pub mod context;
#[cfg(test)]
mod controls;
pub mod dispatch;
pub mod effect;
mod exact;
mod find;
mod guard;
pub mod http;
pub mod limit;
mod media;
mod members;
mod named;
pub mod openapi;
pub mod operation;
mod origin;
pub mod params;
pub mod platform_query;
pub mod reply;
pub mod router;
pub mod socket;
mod spelling;
pub mod stream;
pub mod tally;
mod text;
mod unended;
pub mod upload;
