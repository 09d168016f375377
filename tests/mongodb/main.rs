//! MongoDB against a real server: set `TEST_MONGODB_URL`. Its user must be allowed to do everything.

mod aggregate;
mod analysis;
mod api;
mod bulk;
mod catalog;
mod changes;
mod connection;
mod documents;
mod egress;
mod explain;
mod fake;
mod faults;
mod fidelity;
mod generated;
mod http;
mod indexes;
mod paging;
mod preview;
mod proxy;
mod sent;
mod server;
mod support;
mod tls;
mod transfer;
mod watch;
