//! HTTP in, operation, HTTP out. Nothing here knows a backend.

pub mod operation;
pub mod params;
pub mod reply;
