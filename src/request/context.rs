//! One request, as its operation sees it.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use uuid::Uuid;

use super::effect::{Effect, Known};
use super::feed::Format;
use super::limit::Admission;
use super::operation::Operation;
use super::upload::Upload;
use crate::access::User;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::permission::Permission;
use crate::registry::{Connection, Project};
use crate::service::Service;
use crate::service::intake::Running;
use crate::service::jobs::Job;
use crate::shares::{self, Share};

/// The detail that names the connection that failed, where it is not the request's own.
pub(crate) const FAILED_CONNECTION: &str = "connection_id";

/// A part of a user's share of a connection, by its id and version.
type HeldShare = Option<Share<(Uuid, i64)>>;

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
    /// Whether it reads or writes, as far as that is known.
    pub(crate) effect: Arc<Known>,
    /// What it has cost its user so far.
    pub(crate) admission: Arc<Admission>,
    /// The request's part of its user's share of the connection, once it has a client.
    pub(crate) share: Arc<tokio::sync::Mutex<HeldShare>>,
    /// It counts as running as long as anybody holds this.
    pub running: Arc<Running>,
    pub(crate) upload: Arc<Mutex<Option<Upload>>>,
    /// What a stream's work is stopped by.
    pub(crate) job: Option<Arc<Job>>,
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

    /// Says what the request does and costs, now that its input was read. An operation whose effect
    /// is by input gets no client before; others say it where they cost more than the table knows.
    pub async fn will(&self, effect: Effect, cost: u32) -> Result<()> {
        self.admission.charge(&self.service, effect, cost).await?;
        self.effect.tell(effect);
        Ok(())
    }

    /// Whether the request may change something, or may have.
    pub fn writes(&self) -> bool {
        self.effect.writes()
    }

    /// The project the request is about.
    pub fn project(&self) -> Result<&Arc<Project>> {
        self.project.as_ref().ok_or_else(|| Error::internal("the operation has no project"))
    }

    /// Does work of this request's: what it takes for a moment is of its user's shares.
    pub(crate) async fn on_its_behalf<F: Future>(&self, work: F) -> F::Output {
        shares::on_behalf_of(self.user.as_ref().map(|user| user.id.clone()), work).await
    }

    /// The deadline of one step of a stream, which as a whole has none.
    pub fn step(&self) -> Deadline {
        Deadline::after(self.service.config.request_timeout)
    }

    /// The body of a request whose operation `takes upload`. It must go on arriving, and counts for
    /// its user until it is dropped.
    pub fn upload(&self) -> Result<Upload> {
        let upload = self.bytes().ok_or_else(|| Error::validation("the request has no body"))?;
        let seat = self.service.uploads.enter(self.user.as_ref().map(|user| user.id.as_str()))?;
        Ok(upload.held_to(seat, self.service.config.request_timeout).text())
    }

    /// What the client of a socket sends, for as long as it likes.
    pub(crate) fn bytes(&self) -> Option<Upload> {
        self.upload.lock().take()
    }

    /// The format of a stream of JSON records.
    pub fn records(&self) -> Format {
        if self.accept == Accept::Events { Format::Events } else { Format::Ndjson }
    }

    /// A failure of another connection than the request's own, which it names. It says nothing of
    /// the health of the request's own.
    pub fn of_other(&self, other: &Connection, error: Error) -> Error {
        if error.details().contains_key(FAILED_CONNECTION) {
            // Its circuit remembers what it was told.
            return error;
        }
        error.context(&other.identifier).detail(FAILED_CONNECTION, other.id.to_string())
    }
}
