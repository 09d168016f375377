//! `studio-multidb`: one connection manager for Redis, MongoDB, PostgreSQL and HTTP services.
//!
//! A request goes straight down, [`api`] → [`operations`] → [`request`] → [`service`] → [`access`] →
//! [`registry`] → [`pool`] → [`backend`] → [`sockets`], and comes straight back as JSON bytes.
//! `bindings` alone knows Node; everything else builds and tests without it.

pub mod access;
pub mod api;
pub mod backend;
#[cfg(feature = "bindings")]
mod bindings;
pub mod config;
pub mod crypto;
pub mod deadline;
pub mod ejson;
pub mod error;
pub mod fanout;
pub mod json;
pub mod logging;
pub mod operations;
pub mod outcome;
pub mod permission;
pub mod platform;
pub mod pool;
pub mod registry;
pub mod request;
pub mod service;
pub mod shares;
pub mod sockets;
pub mod target;
