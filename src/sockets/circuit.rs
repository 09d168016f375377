//! Failing fast while an endpoint is known to fail.
//!
//! After a failure, callers get the last cause at once until the time of the next try. The pause
//! doubles with jitter, so that a server coming back is not met by everybody at the same moment.
//!
//! What counts is what says that nobody can use the endpoint: a connection that could not be made,
//! a log-in that was refused ([`Error::of_endpoint`], which each backend gives in one place). How a
//! request ended on a connection that was made is its own affair, a lost connection included: users
//! can break theirs in many ways, and if it was the server that broke it, the next attempt to
//! connect tells. And a refused caller hears nothing of the request that failed before.
//!
//! While somebody asks, the endpoint is tried in the background: nobody has to wait for an attempt
//! at an endpoint that is dead, and one that came back is there for the next request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::error::{Code, Error, Result};

/// The longest pause. Short, because a person is looking at a screen and has just repaired it.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after refused credentials: a server may lock out who tries them too often.
const LONGEST_PAUSE_REFUSED: Duration = Duration::from_secs(5);
/// How often a trial that hangs is joined by another, and how long that one may take.
const ANOTHER_TRIAL: Duration = Duration::from_secs(1);
/// A pause this short is waited for by [`Circuit::pass`]; a longer one fails the caller at once.
const WORTH_WAITING: Duration = Duration::from_millis(250);
/// While other connections last, only a row of failed attempts is an endpoint that is down.
const FAILURES_WHILE_CONNECTED: u32 = 3;
/// The details of a failure that are fit for everybody: they hold no words of a server or a user.
const FIT_FOR_ALL: [&str; 6] = ["host", "reason", "sqlstate", "server_code", BUSY_WITH, END_WITH];

/// The detail of a failure that the endpoint told itself: it is there, and busy with this.
pub const BUSY_WITH: &str = "busy_with";
/// The detail that names what ends it.
pub const END_WITH: &str = "end_with";

/// The recent failures of one endpoint.
#[derive(Debug)]
pub struct Circuit {
    first_pause: Duration,
    worth_waiting: Duration,
    // Held for a few instructions, never across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    failed_at: Option<Instant>,
    open: Option<(Instant, Error)>,
    trial: Option<AbortHandle>,
}

/// An attempt to reach the endpoint.
pub type Trial = BoxFuture<'static, Result<()>>;

impl Circuit {
    /// A closed circuit; `first_pause` follows the first failure.
    pub fn new(first_pause: Duration) -> Self {
        Self { first_pause, worth_waiting: WORTH_WAITING, state: Mutex::default() }
    }

    /// One whose callers can do without the endpoint: none of them waits for any pause.
    #[must_use]
    pub fn without_waiting(self) -> Self {
        Self { worth_waiting: Duration::ZERO, ..self }
    }

    fn refusal(&self) -> Option<(Duration, Error)> {
        let state = self.state.lock();
        let (until, cause) = state.open.as_ref()?;
        let mut left = until.saturating_duration_since(Instant::now());
        if left.is_zero() && state.trial.is_some() {
            left = ANOTHER_TRIAL;
        }
        (!left.is_zero()).then(|| (left, cause.clone()))
    }

    /// Refuses with the last cause while the pause lasts.
    pub fn admit(&self) -> Result<()> {
        let Some((left, cause)) = self.refusal() else { return Ok(()) };
        let millis = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        Err(cause.detail("next_try_ms", millis).detail("circuit", "open").retry_after(left))
    }

    /// Waits for a short pause to end; refuses during a longer one.
    pub async fn pass(&self) -> Result<()> {
        while let Some((left, _)) = self.refusal() {
            if left > self.worth_waiting {
                return self.admit();
            }
            tokio::time::sleep(left).await;
        }
        Ok(())
    }

    /// Tries the endpoint once the pause is over, in the background, unless that is done already.
    /// For callers that are refused; without them nothing is tried.
    pub fn keep_trying(self: &Arc<Self>, attempt: impl Fn() -> Trial + Send + Sync + 'static) {
        let mut state = self.state.lock();
        let Some((until, cause)) = &state.open else { return };
        // Trying refused credentials brings nothing but a lock-out.
        let is_down = matches!(cause.code(), Code::DbConnectionFailed | Code::DbTimeout);
        if state.trial.is_some() || !is_down {
            return;
        }
        let until = *until;
        let circuit = Arc::clone(self);
        let trial = tokio::spawn(async move {
            tokio::time::sleep_until(until.into()).await;
            let result = first_to_succeed(attempt).await;
            let mut state = circuit.state.lock();
            match result {
                Ok(()) => *state = State::default(),
                Err(cause) => {
                    state.trial = None;
                    state.pause(circuit.first_pause, &cause);
                }
            }
        });
        state.trial = Some(trial.abort_handle());
    }

    /// Ends what is tried in the background: nobody will ask for the endpoint any more.
    pub fn stop_trying(&self) {
        if let Some(trial) = self.state.lock().trial.take() {
            trial.abort();
        }
    }

    /// An attempt failed: the next one is made later, each time twice as late.
    pub fn attempt_failed(&self, cause: &Error) {
        self.state.lock().pause(self.first_pause, cause);
    }

    /// A request on an established client failed, which began at `began`; says whether the client
    /// should be replaced.
    pub fn request_failed(&self, began: Instant, cause: &Error) -> bool {
        if cause.endpoint_failure().is_none() || cause.details().contains_key(BUSY_WITH) {
            return false;
        }
        let mut state = self.state.lock();
        if cause.code() != Code::DbInvalidCredentials {
            // What fails together has failed once.
            if state.failed_at.is_some_and(|failed_at| began < failed_at) {
                return false;
            }
            state.failed_at = Some(Instant::now());
            if state.failures + 1 < FAILURES_WHILE_CONNECTED {
                state.failures += 1;
                return false;
            }
        }
        state.pause(self.first_pause, cause);
        true
    }

    /// The endpoint answered.
    pub fn succeeded(&self) {
        let before = std::mem::take(&mut *self.state.lock());
        if let Some(trial) = before.trial {
            trial.abort();
        }
    }

    /// Whether callers are being refused.
    pub fn is_open(&self) -> bool {
        self.refusal().is_some()
    }

    /// The last cause, while the circuit remembers one.
    pub fn cause(&self) -> Option<Error> {
        self.state.lock().open.as_ref().map(|(_, cause)| cause.clone())
    }
}

impl State {
    fn pause(&mut self, first: Duration, cause: &Error) {
        self.failures = self.failures.saturating_add(1);
        let longest = match cause.code() {
            Code::DbInvalidCredentials => LONGEST_PAUSE_REFUSED,
            _ => LONGEST_PAUSE,
        };
        let doubled = first.saturating_mul(1 << (self.failures - 1).min(10)).min(longest);
        let pause = doubled.mul_f64(rand::random_range(0.5..1.0));
        self.open = Some((Instant::now() + pause, for_all(cause)));
    }
}

/// A failure as those are told it whose requests are not sent because of it. An attempt to connect is
/// made on nobody's behalf, so that its own message serves where no other was given.
fn for_all(cause: &Error) -> Error {
    let message = cause.endpoint_failure().unwrap_or(cause.message());
    let fit = cause.details().iter().filter(|(name, _)| FIT_FOR_ALL.contains(&name.as_str()));
    fit.fold(Error::new(cause.code(), message), |told, (name, value)| {
        told.detail(name, value.clone())
    })
}

/// One attempt gets all the time that it wants: the endpoint may be slow. But an attempt that began
/// in a black hole may never hear that the endpoint is back, so others are made beside it.
async fn first_to_succeed(attempt: impl Fn() -> Trial) -> Result<()> {
    let others = async {
        loop {
            sleep(ANOTHER_TRIAL).await;
            if let Ok(Ok(())) = timeout(ANOTHER_TRIAL, attempt()).await {
                return;
            }
        }
    };
    tokio::select! {
        result = attempt() => result,
        () = others => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;
    use crate::outcome::Outcome;

    const PAUSE: Duration = Duration::from_secs(1);

    fn down() -> Error {
        Error::new(Code::DbConnectionFailed, "connection refused").of_endpoint()
    }

    #[test]
    fn callers_are_told_the_cause_and_the_next_try() {
        let circuit = Circuit::new(PAUSE);
        circuit.attempt_failed(&down());
        let refused = circuit.admit().unwrap_err();
        assert_eq!(refused.message(), "connection refused");
        assert!(refused.details().contains_key("next_try_ms"));
        assert!(refused.wait().is_some());
    }

    #[test]
    fn callers_are_told_that_nothing_of_theirs_was_applied() {
        for outcome in [Outcome::Unknown, Outcome::Applied] {
            let circuit = Circuit::new(PAUSE);
            circuit.attempt_failed(&down().outcome(outcome));
            assert_eq!(circuit.admit().unwrap_err().known_outcome(), Outcome::NotApplied);
        }
    }

    #[test]
    fn one_failed_attempt_among_live_connections_does_not_open_it() {
        let circuit = Circuit::new(PAUSE);
        assert!(!circuit.request_failed(Instant::now(), &down()));
        assert!(circuit.admit().is_ok());
    }

    #[test]
    fn requests_that_failed_together_have_failed_once() {
        let circuit = Circuit::new(PAUSE);
        let began = Instant::now();
        for _ in 0..100 {
            assert!(!circuit.request_failed(began, &down()));
        }
        assert!(!circuit.request_failed(Instant::now(), &down()));
        assert!(circuit.request_failed(Instant::now(), &down()));
        assert!(circuit.is_open());
    }

    #[test]
    fn an_endpoint_that_says_it_is_busy_is_not_down() {
        let circuit = Circuit::new(PAUSE);
        for _ in 0..10 {
            let busy = down().detail(BUSY_WITH, "script");
            assert!(!circuit.request_failed(Instant::now(), &busy));
        }
        assert!(!circuit.is_open());
    }

    #[test]
    fn refused_credentials_open_it_at_once() {
        let circuit = Circuit::new(PAUSE);
        let refused = Error::new(Code::DbInvalidCredentials, "password changed").of_endpoint();
        assert!(circuit.request_failed(Instant::now(), &refused));
        assert!(circuit.is_open());
    }

    #[test]
    fn what_is_not_the_endpoints_fault_never_opens_it() {
        let circuit = Circuit::new(PAUSE);
        for code in Code::ALL {
            for _ in 0..10 {
                let own = Error::new(code, "RAISE EXCEPTION 'mine'").outcome(Outcome::Unknown);
                assert!(!circuit.request_failed(Instant::now(), &own), "{code:?}");
            }
        }
        assert!(!circuit.is_open());
    }

    #[test]
    fn a_refused_caller_hears_nothing_of_the_request_that_failed() {
        let circuit = Circuit::new(PAUSE);
        for _ in 0..FAILURES_WHILE_CONNECTED {
            let failed = down()
                .detail("host", "db.internal")
                .detail("query", "select 'canary'")
                .context("document canary")
                .outcome(Outcome::Unknown)
                .detail("where", "canary");
            circuit.request_failed(Instant::now(), &failed);
        }
        let refused = circuit.admit().unwrap_err();
        assert_eq!(refused.message(), "connection refused");
        assert_eq!(refused.known_outcome(), Outcome::NotApplied);
        let mut details: Vec<&str> = refused.details().keys().map(String::as_str).collect();
        details.sort_unstable();
        assert_eq!(details, ["circuit", "host", "next_try_ms"]);
    }

    #[test]
    fn a_success_closes_it() {
        let circuit = Circuit::new(PAUSE);
        circuit.attempt_failed(&down());
        circuit.succeeded();
        assert!(circuit.admit().is_ok());
    }

    /// Waits until callers are admitted.
    async fn until_admitted(circuit: &Circuit) {
        for _ in 0..1000 {
            if circuit.admit().is_ok() {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("still refused");
    }

    #[tokio::test]
    async fn a_refused_caller_has_the_endpoint_tried_in_the_background() {
        let circuit = Arc::new(Circuit::new(Duration::from_millis(20)));
        circuit.attempt_failed(&down());
        let tried = Arc::new(AtomicU32::new(0));
        for _ in 0..10 {
            let tried = Arc::clone(&tried);
            circuit.keep_trying(move || {
                tried.fetch_add(1, Ordering::Relaxed);
                Box::pin(async { Ok(()) })
            });
        }
        until_admitted(&circuit).await;
        assert!(circuit.cause().is_none());
        assert_eq!(tried.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn callers_are_refused_at_once_while_a_trial_hangs() {
        let circuit = Arc::new(Circuit::new(Duration::from_millis(1)));
        circuit.attempt_failed(&down());
        let began = Arc::new(AtomicBool::new(false));
        let begins = Arc::clone(&began);
        circuit.keep_trying(move || {
            begins.store(true, Ordering::Relaxed);
            Box::pin(pending())
        });
        while !began.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        assert!(circuit.pass().await.is_err());
        circuit.stop_trying();
        assert!(circuit.pass().await.is_ok());
    }

    #[tokio::test]
    async fn a_trial_that_hangs_does_not_keep_the_endpoint_away_when_it_is_back() {
        let attempts = AtomicU32::new(0);
        let attempt = || -> Trial {
            if attempts.fetch_add(1, Ordering::Relaxed) == 0 {
                return Box::pin(pending());
            }
            Box::pin(async { Ok(()) })
        };
        first_to_succeed(attempt).await.unwrap();
        assert_eq!(attempts.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn refused_credentials_are_not_tried_in_the_background() {
        let circuit = Arc::new(Circuit::new(Duration::from_millis(1)));
        circuit.attempt_failed(&Error::new(Code::DbInvalidCredentials, "wrong"));
        circuit.keep_trying(|| unreachable!());
        assert!(circuit.state.lock().trial.is_none());
    }

    #[tokio::test]
    async fn a_short_pause_is_waited_for_and_a_long_one_is_not() {
        let short = Circuit::new(Duration::from_millis(20));
        short.attempt_failed(&down());
        assert!(short.pass().await.is_ok());
        let long = Circuit::new(Duration::from_secs(2));
        let not_waited_for = Circuit::new(Duration::from_millis(200)).without_waiting();
        for circuit in [long, not_waited_for] {
            circuit.attempt_failed(&down());
            assert!(circuit.pass().await.is_err());
        }
    }
}
