//! The doors: HTTP in, operation, HTTP out, and calls by name. Nothing here knows a backend.

mod arriving;
pub mod call;
#[cfg(test)]
mod controls;
pub mod dispatch;
#[cfg(test)]
mod documented;
mod exact;
mod find;
mod handshake;
pub mod http;
mod media;
mod origin;
pub mod platform_query;
pub mod router;
mod spelling;
