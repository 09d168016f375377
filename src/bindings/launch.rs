//! Work in the background, and the promise of its answer.

use std::future::Future;

use napi::bindgen_prelude::{Env, Unknown};
use napi_derive::napi;
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::errors::thrown;
use super::mailbox::promise;
use super::runtime;

/// Ends a request that is no longer wanted.
#[napi]
pub struct Cancellation {
    token: CancellationToken,
}

#[napi]
impl Cancellation {
    /// A cancellation that has not happened.
    #[napi(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { token: CancellationToken::new() }
    }

    /// Ends the request: its work is dropped, and ended on the server too.
    #[napi]
    pub fn cancel(&self) {
        self.token.cancel();
    }
}

/// Runs `work` in the background and returns the promise of its answer.
pub(super) fn start<'env>(
    env: Env,
    cancellation: Option<&Cancellation>,
    work: impl Future<Output = Answer> + Send + 'static,
) -> napi::Result<Unknown<'env>> {
    launch(env, cancellation, false, work)
}

/// As [`start`]; `begin` takes the first step on this thread.
pub(super) fn launch<'env>(
    env: Env,
    cancellation: Option<&Cancellation>,
    begin: bool,
    work: impl Future<Output = Answer> + Send + 'static,
) -> napi::Result<Unknown<'env>> {
    let (value, settler) = promise(env.raw())?;
    let token = cancellation.map(|c| c.token.clone());
    // A worker thread that ends takes its requests with it, as closing a page does.
    let abandoned = settler.abandoned();
    let run = async move {
        let work = abandoned.run_until_cancelled_owned(work);
        let answer = match token {
            None => work.await,
            Some(token) => token.run_until_cancelled_owned(work).await.flatten(),
        };
        settler.settle(answer.unwrap_or(Answer::Cancelled));
    };
    let started = if begin { runtime::begin(run) } else { runtime::spawn(run) };
    started.map_err(|error| thrown(&error))?;
    // SAFETY: `promise` just made the value in this environment.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
}
