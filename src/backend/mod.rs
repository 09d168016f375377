//! The four backends. None of them knows another, the pools, or HTTP.
//!
//! What they share stands here: the options and the gauge of a client, the steps of a probe, the
//! warnings of an answer. [`Client`] and [`test_connection`] choose among them.

mod client;
mod connection_test;
mod dialling;
mod gauge;
pub mod http;
pub mod mongodb;
mod options;
pub mod postgres;
pub mod probe;
pub mod redis;
mod warnings;

pub use self::client::Client;
pub use self::connection_test::{TestResult, test_connection};
pub use self::gauge::Gauge;
pub use self::options::ConnectOptions;
pub use self::warnings::{Warning, Warnings};
