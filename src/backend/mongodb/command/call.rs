//! One request's work at the driver: admitted, bounded in time, and undone on the server when it is
//! given up.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::Bson;
use rand::Rng as _;
use tokio::sync::Semaphore;

use super::failure::{Attempt, Effect, Failure};
use super::kill::KillOnDrop;
use crate::backend::mongodb::client::Client;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::outcome::Outcome;

/// How long before the deadline the server is to end an operation by itself, so that its answer is
/// here in time.
const MARGIN: Duration = Duration::from_millis(25);
/// The longest `maxTimeMS` that servers take.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// A request at work on a client.
#[derive(Debug, Clone)]
pub struct Call<'c> {
    pub(crate) client: &'c Client,
    deadline: Deadline,
    pub(crate) mark: Arc<str>,
    width: usize,
    /// One for each operation that may be under way.
    lanes: Arc<Semaphore>,
}

impl Client {
    /// Begins the work of a request, which must end by `deadline`. Every operation has the request id
    /// in its `comment`, with something after it that makes it this call's alone: whoever sends a
    /// request may choose its id, and giving one up must not end another's operations.
    pub fn call(&self, deadline: Deadline, request_id: &str) -> Call<'_> {
        let mark = format!("{request_id}#{:08x}", rand::rng().random::<u32>());
        let lanes = Arc::new(Semaphore::new(1));
        Call { client: self, deadline, mark: mark.into(), width: 1, lanes }
    }
}

impl Call<'_> {
    /// The same request with less time.
    #[must_use]
    pub fn within(&self, budget: Duration) -> Self {
        Self { deadline: self.deadline.or_after(budget), ..self.clone() }
    }

    /// The same request with leave to have so many operations under way at once. Without it they go
    /// one after the other, however many are asked for.
    #[must_use]
    pub fn side_by_side(&self, width: usize) -> Self {
        let width = width.max(1);
        Self { width, lanes: Arc::new(Semaphore::new(width)), ..self.clone() }
    }

    /// How many operations it may have under way at once.
    pub fn width(&self) -> usize {
        self.width
    }

    /// By when the call must have ended.
    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// `maxTimeMS` for an operation that starts now.
    pub(crate) fn max_time(&self) -> Duration {
        let remaining = self.deadline.remaining();
        remaining.saturating_sub(MARGIN).clamp(Duration::from_millis(1), LONGEST)
    }

    /// The same in milliseconds, for commands that are put together by hand.
    pub(crate) fn max_time_ms(&self) -> i32 {
        i32::try_from(self.max_time().as_millis()).unwrap_or(i32::MAX)
    }

    /// What marks the request's operations on the server.
    pub(crate) fn comment(&self) -> Bson {
        Bson::String(self.mark.as_ref().to_owned())
    }

    /// Does work that changes nothing.
    pub(crate) fn read<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> impl Future<Output = Result<T>> {
        self.run(Effect::Read, work)
    }

    /// Does work that writes to one document. When its answer is lost, the outcome is told as unknown.
    pub(crate) fn write<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> impl Future<Output = Result<T>> {
        self.run(Effect::Write, work)
    }

    /// Does work with this effect. The driver's futures have 20 KB and more; boxed, they are not moved
    /// around with everything that awaits them.
    pub(crate) fn run<T>(
        &self,
        effect: Effect,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> impl Future<Output = Result<T>> {
        let work = Box::pin(work);
        async move {
            let Some(lane) = self.deadline.run(self.lanes.acquire()).await else {
                let message = "the request's other operations took all of its time";
                return Err(Error::timeout(message, Outcome::NotApplied));
            };
            let result = self.client.run(&self.mark, effect, self.deadline, work).await;
            drop(lane);
            result
        }
    }
}

impl Client {
    /// Does work whose operations carry this mark, until the deadline.
    pub(crate) async fn run<T>(
        &self,
        mark: &Arc<str>,
        effect: Effect,
        deadline: Deadline,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T> {
        let running = self.meter.admit()?;
        let kill = KillOnDrop::new(&self.driver, mark, &running);
        let work = async {
            let _turn = self.meter.turn().await;
            work.await
        };
        let result = deadline.run(running.note(work)).await;
        let sent = running.was_sent();
        let again = running.was_sent_again();
        let attempt = Attempt { effect, sent, again, tunnel: &self.tunnel };
        match result {
            Some(result) => {
                kill.disarm();
                result.map_err(|failure| match failure {
                    Failure::Driver(error) => attempt.translate(&error),
                    Failure::Ours(error) => error,
                })
            }
            None if !sent && self.meter.is_full() => Err(self.meter.exhausted()),
            None => {
                let message = "MongoDB did not answer in time; the operation was ended";
                Err(Error::timeout(message, attempt.outcome()))
            }
        }
    }
}
