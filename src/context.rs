//! What an operation can reach while it runs.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use uuid::Uuid;

use crate::access::User;
use crate::api::operation::Operation;
use crate::api::stream::Format;
use crate::api::upload::Upload;
use crate::backend::{Client, http, mongodb, postgres, redis};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::intake::Running;
use crate::permission::Permission;
use crate::pool::Lease;
use crate::registry::{Connection, Project};
use crate::service::Service;

/// The detail that names the connection that failed, where it is not the request's own.
pub(crate) const FAILED_CONNECTION: &str = "connection_id";

/// What kind of answer the caller can read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Accept {
    /// One JSON text.
    #[default]
    Json,
    /// Records line by line.
    Ndjson,
    /// Server-sent events.
    Events,
    /// The frames of a WebSocket.
    Socket,
}

/// One request: who asks, for which connection, until when.
#[derive(Debug, Clone)]
pub struct Context {
    /// The process-wide parts.
    pub service: Arc<Service>,
    /// Who asks; `None` where authorization is off or the caller is the operator's own code.
    pub user: Option<User>,
    /// Identifies the request in logs, on the server and in the answer.
    pub request_id: Arc<str>,
    /// What is asked.
    pub operation: &'static Operation,
    /// By when the operation must have ended; in a stream, its first step ([`Context::step`]).
    pub deadline: Deadline,
    /// When its work began.
    pub began: Instant,
    /// The effective role on the subject.
    pub granted: Permission,
    /// `Cache-Control: no-cache` was sent.
    pub fresh: bool,
    /// What kind of answer the caller can read.
    pub accept: Accept,
    /// It counts as running as long as anybody holds this.
    pub running: Arc<Running>,
    pub(crate) upload: Arc<Mutex<Option<Upload>>>,
    pub(crate) connection: Option<Arc<Connection>>,
    pub(crate) project: Option<Arc<Project>>,
}

impl Context {
    /// The connection the request is about.
    pub fn connection(&self) -> Result<&Arc<Connection>> {
        self.connection.as_ref().ok_or_else(|| Error::internal("the operation has no connection"))
    }

    /// Requires more than the operation's own permission, once its input was read.
    pub fn require(&self, permission: Permission) -> Result<()> {
        self.granted.require(permission)
    }

    /// The project the request is about.
    pub fn project(&self) -> Result<&Arc<Project>> {
        self.project.as_ref().ok_or_else(|| Error::internal("the operation has no project"))
    }

    /// The deadline of one step of a stream, which as a whole has none.
    #[must_use]
    pub fn step(&self) -> Deadline {
        Deadline::after(self.service.config.request_timeout)
    }

    /// The body of a request whose operation `takes upload`.
    pub fn upload(&self) -> Result<Upload> {
        self.upload.lock().take().ok_or_else(|| Error::validation("the request has no body"))
    }

    /// The format of a stream of JSON records.
    #[must_use]
    pub fn records(&self) -> Format {
        if self.accept == Accept::Events { Format::Events } else { Format::Ndjson }
    }

    async fn lease(&self) -> Result<Lease> {
        self.service.lease(self.connection()?, self.deadline).await
    }

    /// The connection's Redis client.
    pub async fn redis(&self) -> Result<Leased<redis::Client>> {
        self.leased(redis_client).await
    }

    /// Another connection of the same type in the same project, by its id. The user must have this
    /// permission on it; to one who has no part in it, it does not exist.
    pub async fn other(&self, id: Uuid, permission: Permission) -> Result<Arc<Connection>> {
        let Service { registry, access, .. } = self.service.as_ref();
        let this = self.connection()?;
        let other = registry.connection(id, self.fresh).await?;
        let granted = access.granted(self.user.as_ref(), other.project_id, Some(id)).await?;
        let name = &other.identifier;
        let refused = |what: &str| Err(Error::validation(format!("{name} {what}")));
        if other.project_id != this.project_id || this.is_direct() {
            return refused("is in another project");
        }
        if other.database_type != this.database_type {
            let kind = this.database_type.display_name();
            return refused(&format!("is no {kind} connection"));
        }
        granted.require(permission).map_err(|e| e.context(name))?;
        Ok(other)
    }

    /// The Redis client of another connection, on which the user was found to have enough
    /// permission. What fails there names it ([`Context::of_other`]).
    pub async fn redis_of(&self, other: &Arc<Connection>) -> Result<Leased<redis::Client>> {
        let lease = self.service.lease(other, self.deadline).await;
        Leased::pick(lease.map_err(|error| self.of_other(other, error))?, redis_client)
    }

    /// A failure of another connection than the request's own, which it names. It says nothing of
    /// the health of the request's own.
    #[must_use]
    pub fn of_other(&self, other: &Connection, error: Error) -> Error {
        if error.details().contains_key(FAILED_CONNECTION) {
            // Its circuit remembers what it was told.
            return error;
        }
        error.context(&other.identifier).detail(FAILED_CONNECTION, other.id.to_string())
    }

    /// The connection's MongoDB client.
    pub async fn mongodb(&self) -> Result<Leased<mongodb::Client>> {
        self.leased(|client| match client {
            Client::Mongodb(client) => Some(client),
            _ => None,
        })
        .await
    }

    /// The connection's PostgreSQL client.
    pub async fn postgres(&self) -> Result<Leased<postgres::Client>> {
        self.leased(|client| match client {
            Client::Postgres(client) => Some(client),
            _ => None,
        })
        .await
    }

    /// The connection's HTTP client.
    pub async fn http(&self) -> Result<Leased<http::Client>> {
        self.leased(|client| match client {
            Client::Http(client) => Some(client.as_ref()),
            _ => None,
        })
        .await
    }

    async fn leased<C>(&self, pick: fn(&Client) -> Option<&C>) -> Result<Leased<C>> {
        Leased::pick(self.lease().await?, pick)
    }
}

fn redis_client(client: &Client) -> Option<&redis::Client> {
    match client {
        Client::Redis(client) => Some(client),
        _ => None,
    }
}

/// A leased client of a known kind; it counts as in use until it is dropped.
pub struct Leased<C> {
    lease: Lease,
    pick: fn(&Client) -> Option<&C>,
}

impl<C> Leased<C> {
    fn pick(lease: Lease, pick: fn(&Client) -> Option<&C>) -> Result<Self> {
        if pick(lease.client()).is_none() {
            return Err(Error::internal("the connection is of another type"));
        }
        Ok(Self { lease, pick })
    }
}

impl<C> std::ops::Deref for Leased<C> {
    type Target = C;

    fn deref(&self) -> &C {
        (self.pick)(self.lease.client()).expect("checked when it was leased")
    }
}
