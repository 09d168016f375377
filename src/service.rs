//! The process-wide parts that all requests share.

use crate::pool::Pools;
use crate::registry::Registry;

/// Configuration, registry and pools of one platform database.
#[derive(Debug)]
pub struct Service {
    /// Registered connections.
    pub registry: Registry,
    /// Live clients.
    pub pools: Pools,
}
