//! The one async runtime of the process.
//!
//! It is not tied to a Node environment: worker threads come and go, the pools stay.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Runtime};

use crate::error::{Error, Result};

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Few threads: they only move bytes between sockets and buffers, and the Studio needs the cores.
const MAX_WORKERS: usize = 4;

/// Room for the drivers' deep futures in builds that are not optimized; only what is touched is
/// ever backed by memory.
const STACK_BYTES: usize = 8 * 1024 * 1024;

fn runtime() -> Result<&'static Runtime> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let made = Builder::new_multi_thread()
        .worker_threads(cores.clamp(1, MAX_WORKERS))
        .max_blocking_threads(MAX_WORKERS)
        .thread_stack_size(STACK_BYTES)
        .thread_name("studio-multidb")
        .enable_all()
        .build()
        .map_err(|e| Error::internal(format!("the async runtime could not be started: {e}")))?;
    Ok(RUNTIME.get_or_init(|| made))
}

/// Runs `work` on the runtime's threads.
pub(super) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    drop(runtime()?.spawn(work));
    Ok(())
}

/// As [`spawn`], but takes the first step on this thread: what it sends has left before another
/// thread is awake, so that waking one costs no time of the answer. Only for work whose first step
/// is short.
pub(super) fn begin(work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let runtime = runtime()?;
    let mut work = Box::pin(work);
    let begun = {
        let _entered = runtime.enter();
        // Nobody needs to be woken: the runtime polls it again at once.
        let mut context = Context::from_waker(Waker::noop());
        // A panic must not reach Node; on the runtime's own threads it is caught as well.
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(&mut context)))
    };
    if matches!(begun, Ok(Poll::Pending)) {
        drop(runtime.spawn(work));
    }
    Ok(())
}

/// Makes the runtime current on this thread, for code that spawns tasks of its own.
pub(super) fn enter() -> Result<tokio::runtime::EnterGuard<'static>> {
    Ok(runtime()?.enter())
}
