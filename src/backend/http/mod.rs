//! HTTP services ("Bun API"): requests below one base URL, with an API key that is put in here.
//!
//! hyper speaks HTTP/1.1 over sockets of our own, so that the egress guard opens every one of them,
//! and that it is known of each request whether any of it was sent: only what was not sent, or only
//! reads, is sent again. Redirects are answers; they are never followed.

mod client;
mod dialer;
mod exchange;
mod mask;
mod path;
mod probe;
mod service;

pub use self::client::{Client, HEALTH, INFO};
pub use self::exchange::{Answer, Request, caller_header};
pub use self::probe::probe;
