//! What a client of any backend has under way.

/// What a client holds at this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, schemars::JsonSchema, serde::Serialize)]
pub struct Gauge {
    /// Connections that are open.
    pub open: u32,
    /// Connections that are working on a request.
    pub in_use: u32,
    /// Requests that wait for a connection.
    pub waiting: u32,
}
