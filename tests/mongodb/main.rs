//! MongoDB against a real server: set `TEST_MONGODB_URL`. Its user must be allowed to do everything.

mod aggregate;
mod analysis;
mod api;
mod connection;
mod documents;
mod egress;
mod faults;
mod http;
mod proxy;
mod support;
mod tls;
mod transfer;
