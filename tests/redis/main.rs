//! The Redis backend against real servers.
//!
//! - `TEST_REDIS_URL`: a server that may be flushed, such as `redis://127.0.0.1:6379`
//! - `TEST_REDIS_62_URL`, `TEST_REDIS_70_URL`: the same, of older generations
//! - `TEST_REDIS_SPARE_URL`: one whose memory a test may limit, as no other uses it
//! - `TEST_REDIS_CLUSTER_URL`: a cluster that may be flushed, `redis+cluster://host:port`
//! - `TEST_REDIS_SENTINEL_URL`: `redis+sentinel://host:port/master`
//! - `TEST_REDIS_ACL`: `host:port` of a server with the users `alice` (`+@all -memory -object`) and
//!   `bob` (`+@read -@write`), both with the password `secret`
//! - `TEST_PLATFORM_URL`, `TEST_MONGODB_URL`: for what is about several registered connections
//! - `TEST_REDIS_TLS`, `TEST_REDIS_TLS_CA`: `host:port` of a server that speaks TLS and has the
//!   password `sesame`, and the PEM file of its authority
//!
//! A test whose server is not given is skipped, and says so.

mod bulk;
mod bulk_copy;
mod busy;
mod cluster;
mod console;
mod contested;
mod crowds;
mod edits;
mod ended;
mod faults;
mod fence;
#[path = "../fixtures/mod.rs"]
mod fixtures;
mod forged;
mod gate;
mod http;
mod keyspace;
mod met_twice;
mod million;
mod modules;
mod narrow;
mod proxy;
mod pubsub;
mod reaching;
mod reading;
mod recorder;
mod refused;
mod registered;
mod rogue;
mod secured;
mod sentinel;
mod server;
mod streams;
mod support;
mod topology;
mod torn;
mod transfer;
mod tree;
mod unrest;
mod values;
mod whole_database;
