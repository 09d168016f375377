//! Process-wide live clients.

use std::sync::Arc;

use crate::backend::Client;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::registry::Connection;
use crate::service::Service;

/// All live clients.
#[derive(Debug, Default)]
pub struct Pools;

impl Pools {
    /// The client of a connection.
    pub async fn lease(
        &self,
        _service: &Service,
        _connection: &Arc<Connection>,
        _deadline: Deadline,
    ) -> Result<Lease> {
        Err(Error::internal("not built yet"))
    }
}

/// A client that is in use until this is dropped.
#[derive(Debug)]
pub struct Lease {
    client: Arc<Client>,
}

impl Lease {
    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }
}
