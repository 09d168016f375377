//! Redis and Valkey: standalone, Sentinel and Cluster.
//!
//! What a management tool does begins with a [`Client`]. Each room stands on those before it; only
//! sentinels tell `pubsub` of a new primary.
//!
//! | room | what is there |
//! |---|---|
//! | `wire` | one connection: commands out, replies in, errors in the contract's words |
//! | `servers` | who the servers are, connections to them, which of them has a key |
//! | `run` | pipelines: what is sent where, and what is sent again; transactions |
//! | [`keyspace`] | which keys there are; their names and their time, whatever they hold |
//! | [`values`] | what a key holds: read by the page, written, edited |
//! | [`transfer`] | many whole values, out and in, of any size |
//! | [`server`] | what a server shows of itself: `INFO`, memory, clients, settings, logs |
//! | [`gate`] | what a user's commands may do |
//! | [`console`] | commands of a user's choice |
//! | [`pubsub`] | channels: who is subscribed, and sending to them |

mod client;
pub mod console;
pub mod gate;
pub mod keyspace;
pub mod pubsub;
mod run;
pub mod server;
mod servers;
pub mod transfer;
pub mod values;
mod wire;

pub use client::Client;
pub use server::probe;
