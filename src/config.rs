//! Configuration.
use crate::error::Result;
use crate::target::DatabaseType;
use std::time::Duration;
/// Configuration.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Config {
    pub max_result_bytes: usize,
    pub request_timeout: Duration,
    pub connect_timeout: Duration,
    pub idle_timeout: Duration,
    pub max_clients: usize,
    pub authorization: crate::access::Authorization,
    pub log_level: u8,
}
#[allow(missing_docs)]
impl Config {
    pub fn from_env(
        _env: impl Fn(&str) -> Option<String>,
        _o: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self> {
        Err(crate::error::Error::internal("x"))
    }
    pub fn fingerprint(&self) -> [u8; 32] {
        [0; 32]
    }
    pub fn max_connections(&self, _: DatabaseType) -> u32 {
        10
    }
    pub fn egress_policy(&self) -> Result<crate::target::egress::Egress> {
        Ok(crate::target::egress::Egress::default())
    }
}
