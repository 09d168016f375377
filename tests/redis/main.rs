//! The Redis backend against real servers.
//!
//! - `TEST_REDIS_URL`: a server that may be flushed, such as `redis://127.0.0.1:6379`
//! - `TEST_REDIS_CLUSTER_URL`: a cluster that may be flushed, `redis+cluster://host:port`
//!
//! A test whose server is not given is skipped, and says so.

mod cluster;
mod faults;
mod keyspace;
mod proxy;
mod support;
mod values;
