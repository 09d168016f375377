//! The one async runtime of the process.
//!
//! It is not tied to a Node environment: worker threads come and go, the pools stay.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Error, Result};

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Few threads: they only move bytes between sockets and buffers, and the Studio needs the cores.
const MAX_WORKERS: usize = 4;

/// The core that JavaScript runs on. With a worker for it too, each answer would wake a worker that
/// finds nothing to do, and take the core from the thread that waits for the answer.
const FOR_JAVASCRIPT: usize = 1;

/// Room for the drivers' deep futures in builds that are not optimized; only what is touched is
/// ever backed by memory.
const STACK_BYTES: usize = 8 * 1024 * 1024;

fn runtime() -> Result<&'static Runtime> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let made = Builder::new_multi_thread()
        .worker_threads(cores.saturating_sub(FOR_JAVASCRIPT).clamp(1, MAX_WORKERS))
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

/// As [`spawn`], but takes the first step on this thread, and no other thread is woken before what
/// it waits for is there: usually the server's answer. Only for work whose first step is short.
pub(super) fn begin(work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
    let runtime = runtime()?;
    let begun = Arc::new(Begun { work: Mutex::default(), handle: runtime.handle().clone() });
    let _entered = runtime.enter();
    let mut waiting = begun.work.lock();
    let mut work: Work = Box::pin(work);
    let waker = Waker::from(Arc::clone(&begun));
    let mut context = Context::from_waker(&waker);
    // A panic must not reach Node; on the runtime's own threads it is caught as well.
    let step = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(&mut context)));
    if matches!(step, Ok(Poll::Pending)) {
        *waiting = Some(work);
    }
    Ok(())
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Work after its first step, until it is woken. Then it becomes a task like any other.
struct Begun {
    work: Mutex<Option<Work>>,
    handle: Handle,
}

impl Wake for Begun {
    fn wake(self: Arc<Self>) {
        let handle = self.handle.clone();
        drop(handle.spawn(async move {
            // Woken during its first step, it is there once that step has ended.
            let work = self.work.lock().take();
            if let Some(work) = work {
                work.await;
            }
        }));
    }
}

/// Makes the runtime current on this thread, for code that spawns tasks of its own.
pub(super) fn enter() -> Result<tokio::runtime::EnterGuard<'static>> {
    Ok(runtime()?.enter())
}
