//! The servers of a target. A [`Dialer`](dial::Dialer) opens connections, a [`Node`](node::Node)
//! keeps those to one server; a [`Cluster`](cluster::Cluster) knows which node serves which slot, and
//! sentinels say who is the primary. [`members`] names each of them.

pub(super) mod cluster;
pub(super) mod dial;
pub(super) mod feature;
pub(super) mod identity;
pub(super) mod members;
pub(super) mod node;
pub(super) mod sentinel;
pub(super) mod slot;
pub(super) mod slot_set;
