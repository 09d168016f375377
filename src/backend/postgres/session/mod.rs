//! Sessions: how one is opened, what it says to the server, who has it, and what becomes of it.

mod cancel;
mod connect;
mod connection;
mod lease;
mod prepared;
mod startup;
mod stream;

pub(super) use self::cancel::cancel;
pub(super) use self::connect::Connector;
pub(super) use self::connection::{Connection, Frame, MAX_ROW};
pub(super) use self::lease::{Called, GIVE_BACK, Lease};
pub(super) use self::prepared::{Plan, Prepared};
pub(super) use self::startup::APPLICATION_NAME;
pub(super) use self::stream::is_encrypted;
