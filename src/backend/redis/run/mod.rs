//! Pipelines, from the commands to their replies: the way in is `Client::run` and its kin in
//! [`execute`]. What goes to one node together is a `group`; [`watch`] runs a transaction under a
//! condition, and [`allowance`] the one script that is our own.

mod allowance;
mod execute;
mod group;
mod transaction;
mod watch;

pub(super) use execute::{exactly, may_run_later, pause};
pub(super) use group::unanswered;
