//! Results on their way back to a JavaScript thread.
//!
//! Each environment (the main thread, each worker) has one mailbox. Whatever finished since the
//! thread last looked is delivered in one wake-up, which is what keeps many small requests cheap.
//! While requests are pending the mailbox keeps the event loop alive; otherwise it does not.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use napi::sys;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::answer::Answer;

/// A promise that is still open. Only the environment's own thread settles it.
struct Pending(sys::napi_deferred);

// SAFETY: the pointer is only carried through other threads; it is used on the environment's own.
unsafe impl Send for Pending {}

struct Wakeup(sys::napi_threadsafe_function);

// SAFETY: Node-API allows `napi_call_threadsafe_function` from any thread.
unsafe impl Send for Wakeup {}

struct Letters {
    /// `None` once the environment is going away; then results are dropped.
    wakeup: Option<Wakeup>,
    waiting: Vec<(Pending, Answer)>,
}

pub(super) struct Mailbox {
    letters: Mutex<Letters>,
    /// Cancelled once the environment is going away: nobody is left to take the results.
    gone: CancellationToken,
}

/// Settles one promise, from whichever thread; dropping it unused settles it with a failure.
pub(super) struct Settler {
    mailbox: Arc<Mailbox>,
    pending: Option<Pending>,
}

impl Settler {
    /// Cancelled when the promise's environment goes away.
    pub(super) fn abandoned(&self) -> CancellationToken {
        self.mailbox.gone.clone()
    }

    pub(super) fn settle(mut self, answer: Answer) {
        if let Some(pending) = self.pending.take() {
            self.mailbox.post(pending, answer);
        }
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.mailbox.post(pending, Answer::Cancelled);
        }
    }
}

impl Mailbox {
    fn post(&self, pending: Pending, answer: Answer) {
        let mut letters = self.letters.lock();
        let first = letters.waiting.is_empty();
        let Some(wakeup) = &letters.wakeup else { return };
        let wakeup = wakeup.0;
        letters.waiting.push((pending, answer));
        if first {
            // SAFETY: the function exists while `wakeup` is set, and that is checked under the
            // lock that the clean-up hook takes before Node frees it.
            unsafe {
                sys::napi_call_threadsafe_function(
                    wakeup,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                );
            }
        }
    }
}

struct Local {
    env: sys::napi_env,
    wakeup: sys::napi_threadsafe_function,
    open: usize,
    mailbox: Arc<Mailbox>,
}

thread_local! {
    // An environment never leaves its thread; `vm` contexts share the environment of theirs.
    static LOCAL: RefCell<Option<Local>> = const { RefCell::new(None) };
}

/// Makes a promise, and the other end of it.
pub(super) fn promise(env: sys::napi_env) -> napi::Result<(sys::napi_value, Settler)> {
    LOCAL.with_borrow_mut(|local| {
        if local.as_ref().is_none_or(|local| local.env != env) {
            *local = Some(open(env)?);
        }
        let local = local.as_mut().expect("set above");
        let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: `env` is the live environment of this thread; both out pointers are valid.
        check(unsafe { sys::napi_create_promise(env, &raw mut deferred, &raw mut promise) })?;
        if local.open == 0 {
            // SAFETY: as above; the function was made for this environment.
            check(unsafe { sys::napi_ref_threadsafe_function(env, local.wakeup) })?;
        }
        local.open += 1;
        let settler =
            Settler { mailbox: Arc::clone(&local.mailbox), pending: Some(Pending(deferred)) };
        Ok((promise, settler))
    })
}

fn open(env: sys::napi_env) -> napi::Result<Local> {
    let mailbox = Arc::new(Mailbox {
        letters: Mutex::new(Letters { wakeup: None, waiting: Vec::new() }),
        gone: CancellationToken::new(),
    });
    let name = "studio-multidb";
    let (mut resource, mut wakeup) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: `env` is live; the callback takes no data and no context.
    unsafe {
        check(sys::napi_create_string_utf8(
            env,
            name.as_ptr().cast(),
            isize::try_from(name.len()).unwrap_or(0),
            &raw mut resource,
        ))?;
        check(sys::napi_create_threadsafe_function(
            env,
            ptr::null_mut(),
            ptr::null_mut(),
            resource,
            0,
            1,
            ptr::null_mut(),
            None,
            ptr::null_mut(),
            Some(deliver),
            &raw mut wakeup,
        ))?;
        check(sys::napi_unref_threadsafe_function(env, wakeup))?;
        // Registered after the function, so it runs before Node frees the function.
        let hook = Arc::into_raw(Arc::clone(&mailbox)).cast_mut().cast();
        check(sys::napi_add_env_cleanup_hook(env, Some(close), hook))?;
    }
    mailbox.letters.lock().wakeup = Some(Wakeup(wakeup));
    Ok(Local { env, wakeup, open: 0, mailbox })
}

/// Runs on the environment's thread, once per wake-up.
unsafe extern "C" fn deliver(
    env: sys::napi_env,
    _function: sys::napi_value,
    _context: *mut c_void,
    _data: *mut c_void,
) {
    if env.is_null() {
        return;
    }
    let Some((mailbox, wakeup)) = LOCAL.with_borrow(|local| {
        let local = local.as_ref().filter(|local| local.env == env)?;
        Some((Arc::clone(&local.mailbox), local.wakeup))
    }) else {
        return;
    };
    let letters = std::mem::take(&mut mailbox.letters.lock().waiting);
    let delivered = letters.len();
    for (pending, answer) in letters {
        // SAFETY: `env` is live and this is its thread; each deferred is settled exactly once,
        // because it was taken out of its `Settler`.
        unsafe { answer.settle(env, pending.0) };
    }
    LOCAL.with_borrow_mut(|local| {
        let Some(local) = local.as_mut().filter(|local| local.env == env) else { return };
        local.open = local.open.saturating_sub(delivered);
        if local.open == 0 {
            // SAFETY: as in `promise`.
            unsafe { sys::napi_unref_threadsafe_function(env, wakeup) };
        }
    });
}

/// The environment is going away: nothing may be posted to it from now on.
unsafe extern "C" fn close(hook: *mut c_void) {
    // SAFETY: `open` made this pointer from an `Arc`, and Node runs the hook once.
    let mailbox = unsafe { Arc::from_raw(hook.cast_const().cast::<Mailbox>()) };
    let mut letters = mailbox.letters.lock();
    letters.wakeup = None;
    letters.waiting.clear();
    drop(letters);
    mailbox.gone.cancel();
    LOCAL.with_borrow_mut(|local| *local = None);
}

pub(super) fn check(status: sys::napi_status) -> napi::Result<()> {
    if status == sys::Status::napi_ok {
        return Ok(());
    }
    Err(napi::Error::new(napi::Status::from(status), "a Node-API call failed"))
}
