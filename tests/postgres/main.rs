//! The PostgreSQL backend against real servers; a test whose server is not given is skipped, and says
//! so.
//!
//! - `TEST_POSTGRES_URL`: `postgres://user:pw@host/db`, without TLS
//! - `TEST_POSTGRES_TLS_URL`, `TEST_POSTGRES_TLS_CA`: one that asks for TLS, and the PEM file of its
//!   authority
//! - `TEST_PG_META_URL`: pg-meta in front of the first

#![allow(clippy::print_stderr, unreachable_pub)]

mod connecting;
mod databases;
mod faults;
mod functions;
mod giving_back;
mod parsing;
mod pg_meta;
mod proxy;
mod queries;
mod reaching;
mod sessions;
mod support;
