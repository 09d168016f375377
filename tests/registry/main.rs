//! The registry against a real platform database, each test in a database of its own.
//!
//! `TEST_PLATFORM_URL` names a server and a role that may create databases
//! (`postgresql://postgres@127.0.0.1:5432/postgres`); without it the tests are skipped.

mod addressing;
mod edits;
#[path = "../fixtures/mod.rs"]
mod fixtures;
mod http;
mod migrations;
mod outage;
mod roles;
mod rotation;
mod shares;
mod sockets;
mod support;
mod tls;
mod unseen;
