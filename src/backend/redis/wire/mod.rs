//! One connection to one server: [`Commands`] are encoded, a
//! [`Connection`](connection::Connection) exchanges them for replies, and [`failure`] says what a
//! server's refusal means.

pub(super) mod busy;
mod commands;
pub(super) mod connection;
pub(super) mod failure;
pub(super) mod json;
pub(super) mod reply;
pub(super) mod resp;

pub use commands::Effect;
pub(super) use commands::{Commands, MULTI, NO_ARGS, Transaction, Unit};
