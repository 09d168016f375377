//! The PostgreSQL backend against real servers; a test whose server is not given is skipped, and says
//! so.
//!
//! - `TEST_POSTGRES_URL`: `postgres://user:pw@host/db`, without TLS
//! - `TEST_POSTGRES_TLS_URL`, `TEST_POSTGRES_TLS_CA`: one that asks for TLS, and the PEM file of its
//!   authority
//! - `TEST_PG_META_URL`: pg-meta in front of the first
//! - `TEST_PGBOUNCER_URL`: pgbouncer in front of the first, in transaction mode, all of whose clients share
//!   one session; `TEST_PGBOUNCER_SESSION_URL`: one in session mode

#![allow(clippy::print_stderr)]

mod capped;
mod connecting;
mod databases;
mod faults;
#[path = "../fixtures/mod.rs"]
mod fixtures;
mod forged;
mod functions;
mod giving_back;
mod in_parts;
mod outage;
mod parsing;
mod pg_meta;
mod pooled;
mod proxy;
mod queries;
mod reaching;
mod sessions;
mod stale;
mod support;
