//! What a pool asks of those who know what is spoken over its sockets.

use std::sync::Arc;
use std::time::Duration;

use super::Circuit;
use crate::deadline::Deadline;
use crate::error::{Error, Result};

/// Opens sockets to one endpoint, and knows what state they are in.
pub trait Dial: Send + Sync + 'static {
    /// A socket that is ready for requests: logged in, where there is a log-in.
    type Socket: Send + 'static;

    /// The setting that allows more of them.
    const SETTING: Option<&'static str> = None;

    /// The endpoint as messages name it.
    fn peer(&self) -> String;

    /// How long one attempt may take.
    fn connect_timeout(&self) -> Duration;

    /// Opens one.
    fn dial(&self, deadline: Deadline) -> impl Future<Output = Result<Self::Socket>> + Send;

    /// Whether it is in the middle of nothing, so that another request may have it.
    fn is_settled(&self, socket: &Self::Socket) -> bool;

    /// What can be seen of one that was idle, without a round trip.
    fn condition(&self, socket: &mut Self::Socket) -> Condition;

    /// Tries one with a round trip.
    fn is_alive(&self, socket: &mut Self::Socket) -> impl Future<Output = bool> + Send;

    /// What keeps callers away while attempts fail, where nobody above does.
    fn circuit(&self) -> Option<&Arc<Circuit>> {
        None
    }

    /// Whether a failed attempt says something of the whole endpoint.
    fn is_of_endpoint(&self, _: &Error) -> bool {
        true
    }
}

/// What can be seen of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It is of no more use.
    Gone,
    /// It has to be tried.
    Doubtful,
    /// It can be used as it is.
    Trusted,
}
