//! Pipelines, from the commands to their replies: the way in is `Client::run` and its kin in
//! [`execute`]. What goes to one node together is a `group`; [`watch`] runs a transaction under a
//! condition, and [`allowance`] the one script that is our own.

mod allowance;
pub(super) mod execute;
pub(super) mod group;
mod transaction;
pub(super) mod watch;
