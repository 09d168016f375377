//! MongoDB against a real server: set `TEST_MONGODB_URL`. Its user must be allowed to do everything.

mod aggregate;
mod analysis;
mod api;
mod catalog;
mod connection;
mod documents;
mod egress;
mod explain;
mod faults;
mod http;
mod proxy;
mod support;
mod tls;
