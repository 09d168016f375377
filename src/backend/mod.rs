//! The four backends. None of them knows another, the pools, or HTTP.
//!
//! What they share stands here: the options of a client, the steps of a probe, the warnings of an
//! answer, lists of words. [`Client`] and [`test_connection`] choose among them.

mod client;
mod connection_test;
pub mod http;
pub mod mongodb;
mod options;
pub mod postgres;
pub mod probe;
pub mod redis;
mod warnings;
mod word_list;

pub use self::client::Client;
pub use self::connection_test::{TestResult, test_connection};
pub use self::options::ConnectOptions;
pub use self::warnings::{Warning, Warnings};
pub(crate) use self::word_list::WordList;
pub use crate::sockets::Gauge;
