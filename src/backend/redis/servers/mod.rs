//! The servers of a target. A [`Dialer`] opens connections, a [`Node`] keeps those to one server; a
//! [`Cluster`] knows which node serves which slot, and sentinels say who is the primary. [`members`] names
//! each of them.

mod cluster;
mod dial;
mod feature;
mod identity;
mod members;
mod node;
mod sentinel;
pub(super) mod slot;
mod slot_set;

pub(super) use cluster::{Cluster, FNV, fnv};
pub(super) use dial::Dialer;
pub(super) use feature::Feature;
pub(super) use identity::{Holding, push_process, run_id};
pub(super) use members::{Member, NodeName, NodeRole, Which};
pub(super) use node::{Lease, Node};
pub(super) use sentinel::PrimaryWatch;
pub(super) use slot_set::SlotSet;
