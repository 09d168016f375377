//! PostgreSQL.
//!
//! This backend speaks the wire protocol itself and asks for every value in text form: pg-meta's
//! JSON is defined on that form, and several built-in types have no other that can be shown. Values
//! go from the socket's buffer into the answer without a tree in between.
//!
//! [`Client`] holds a pool of sessions ([`session`]). A request leases one, [`statement`] judges its
//! SQL, [`query`] runs it in one round trip, [`rows`] and [`values`] write what it answers. When the
//! lease is dropped, it decides what becomes of the session: back to the pool, reset, or cancelled and
//! closed. [`catalog`] asks the server what it holds.

mod catalog;
mod client;
mod error;
mod probe;
mod query;
mod rows;
mod session;
mod statement;
mod values;

pub use self::catalog::TableFilter;
pub use self::client::Client;
pub use self::probe::probe;
pub use self::query::{Answer, Column, Notice, Parameter, Shape, Statement};
