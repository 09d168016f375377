//! Which requests are running, so that a shutdown can wait for them.
//!
//! A request counts from its first step: one that still looks its connection up holds no client yet,
//! and would find the pools closed halfway.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::deadline::Deadline;
use crate::error::{Error, Result};

/// How often a shutdown looks whether everything has ended.
const POLL: Duration = Duration::from_millis(10);

/// Counts requests until it is closed.
#[derive(Debug, Default)]
pub struct Intake(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    running: AtomicUsize,
    /// Nothing is let in any more.
    closing: CancellationToken,
    /// What still runs is ended.
    over: CancellationToken,
}

/// A request that is running until this is dropped.
#[derive(Debug)]
pub struct Running(Arc<Shared>);

impl Running {
    /// Cancelled when a shutdown begins: what has no end of its own ends now.
    pub fn closing(&self) -> CancellationToken {
        self.0.closing.clone()
    }

    /// Cancelled when a shutdown has waited long enough.
    pub fn over(&self) -> CancellationToken {
        self.0.over.clone()
    }
}

impl Intake {
    /// Lets a request in, unless a shutdown has begun.
    pub fn enter(&self) -> Result<Running> {
        // Counted before the look, so that a shutdown either sees it or is seen by it.
        self.0.running.fetch_add(1, Ordering::SeqCst);
        let running = Running(Arc::clone(&self.0));
        if self.0.closing.is_cancelled() {
            return Err(Error::unreachable("the connection manager is shutting down"));
        }
        Ok(running)
    }

    /// Lets nothing in any more, and waits for what is running, at most until the deadline.
    pub async fn close(&self, deadline: Deadline) {
        self.0.closing.cancel();
        while self.0.running.load(Ordering::SeqCst) > 0 && !deadline.passed() {
            tokio::time::sleep(POLL).await;
        }
        self.0.over.cancel();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_shutdown_waits_for_what_runs_and_lets_nothing_more_in() {
        let intake = Intake::default();
        let running = intake.enter().unwrap();
        let closing = intake.close(Deadline::after(Duration::from_secs(5)));
        tokio::pin!(closing);
        let short = Duration::from_millis(30);
        assert!(tokio::time::timeout(short, &mut closing).await.is_err());
        assert!(intake.enter().is_err());
        drop(running);
        closing.await;
        assert_eq!(intake.0.running.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_shutdown_does_not_wait_beyond_its_deadline() {
        let intake = Intake::default();
        let _running = intake.enter().unwrap();
        intake.close(Deadline::after(Duration::from_millis(20))).await;
    }
}
