//! Logging.
/// Starts.
pub fn start(_: u8) {}
