//! HTTP in, operation, HTTP out. Nothing here knows a backend, but that a Redis may hold the rate
//! limit.

pub mod context;
#[cfg(test)]
mod controls;
pub mod dispatch;
pub mod effect;
pub mod http;
pub mod limit;
mod members;
pub mod openapi;
pub mod operation;
pub mod params;
pub mod platform_query;
pub mod reply;
pub mod router;
pub mod socket;
pub mod stream;
pub mod tally;
mod text;
pub mod upload;
