//! A socket in the hands of one request.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::idle::Open;
use super::slots::Slot;
use super::{Dial, Pool};
use crate::deadline::Deadline;
use crate::error::Result;

/// A socket that goes back to its pool when this is dropped, unless it is in the middle of something.
/// Whoever has to end that first keeps the lease until it is done.
pub struct Lease<D: Dial> {
    /// `None` only while it is dropped.
    open: Option<Open<D::Socket>>,
    slot: Slot<D>,
}

impl<D: Dial> Lease<D> {
    pub(super) fn new(slot: Slot<D>, open: Open<D::Socket>) -> Self {
        Self { open: Some(open), slot }
    }

    /// Whether it was idle, so that it may have been closed since unnoticed.
    pub fn is_reused(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.reused)
    }

    /// Where it is from.
    pub fn pool(&self) -> &Arc<Pool<D>> {
        self.slot.pool()
    }

    /// Closes the socket; another one can be opened in its place.
    pub fn close(mut self) {
        self.open = None;
    }

    /// Another one in its place, which is opened now: those that are idle may be as stale as this was.
    pub async fn replace(mut self, deadline: Deadline) -> Result<Self> {
        self.open = None;
        // Boxed: opening is rare and its state large.
        let pool = Arc::clone(self.pool());
        self.open = Some(Box::pin(pool.open(deadline)).await?);
        Ok(self)
    }
}

const HELD: &str = "a lease has its socket until it is dropped";

impl<D: Dial> Deref for Lease<D> {
    type Target = D::Socket;

    fn deref(&self) -> &D::Socket {
        &self.open.as_ref().expect(HELD).socket
    }
}

impl<D: Dial> DerefMut for Lease<D> {
    fn deref_mut(&mut self) -> &mut D::Socket {
        &mut self.open.as_mut().expect(HELD).socket
    }
}

impl<D: Dial> Drop for Lease<D> {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            self.pool().give_back(open);
        }
    }
}

impl<D: Dial> fmt::Debug for Lease<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("pool", self.pool()).finish_non_exhaustive()
    }
}
