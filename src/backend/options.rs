//! What a client of any backend needs besides its target.

use std::sync::Arc;
use std::time::Duration;

use crate::target::egress::Egress;

/// What a client needs besides its target.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// Opens every socket.
    pub egress: Arc<Egress>,
    /// Most connections this client may hold, pending ones included.
    pub max_connections: u32,
    /// How long one connection attempt may take, from name look-up to authentication.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub idle_timeout: Duration,
}
