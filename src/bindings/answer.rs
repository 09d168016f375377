//! What a promise is settled with.

use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;

use napi::bindgen_prelude::{Buffer, ToNapiValue as _};
use napi::sys;
use napi_derive::napi;

use super::mailbox::check;
use super::stream::ByteStream;
use crate::api::http::Response;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::request::reply::Body;

/// Smaller bodies are copied: an external buffer costs a finalizer, which costs more.
const COPY_BELOW: usize = 16 * 1024;

/// The answer to an HTTP request, ready to be written.
// `http` below builds it field by field; this declares its shape to TypeScript.
#[napi(object, object_from_js = false)]
#[allow(dead_code)]
pub struct HandleResponse {
    /// HTTP status.
    pub status: u16,
    /// Header values by lower-case name.
    pub headers: HashMap<String, String>,
    /// JSON, or nothing.
    pub body: Buffer,
    /// The body of an answer that is made while it is read; then `body` is empty.
    pub stream: Option<ByteStream>,
}

/// The result of a call.
pub(super) enum Answer {
    /// `{ status, headers, body }`.
    Http(Response),
    /// The body of a successful answer, as text for `JSON.parse`.
    Json(Vec<u8>),
    /// The next bytes of a stream, or `null`.
    Chunk(Option<Vec<u8>>),
    /// A stream.
    Stream(ByteStream),
    /// `true` or `false`.
    Flag(bool),
    /// `undefined`.
    Done,
    /// A rejection that the JavaScript side turns into one of its error classes.
    Failed(Error, String),
    /// The work was dropped before it ended.
    Cancelled,
}

impl Answer {
    /// What came of a request: what `made` makes of it, or its failure.
    pub(super) fn of<T>(result: Result<T>, request_id: &str, made: impl FnOnce(T) -> Self) -> Self {
        result.map_or_else(|error| Self::Failed(error, request_id.to_owned()), made)
    }

    /// Settles a promise with it.
    ///
    /// # Safety
    ///
    /// `env` must be live, this must be its thread, and `deferred` must be open and of it.
    pub(super) unsafe fn settle(self, env: sys::napi_env, deferred: sys::napi_deferred) {
        let rejected = matches!(self, Self::Failed(..) | Self::Cancelled);
        // SAFETY: promised by the caller.
        unsafe {
            let value = self.into_value(env).unwrap_or_else(|_| undefined(env));
            if rejected {
                sys::napi_reject_deferred(env, deferred, value);
            } else {
                sys::napi_resolve_deferred(env, deferred, value);
            }
        }
    }

    unsafe fn into_value(self, env: sys::napi_env) -> napi::Result<sys::napi_value> {
        // SAFETY: promised by the caller.
        unsafe {
            match self {
                Self::Http(response) => http(env, response),
                Self::Json(bytes) => string(env, &bytes),
                Self::Chunk(Some(bytes)) => chunk(env, bytes),
                Self::Chunk(None) => made(|value| sys::napi_get_null(env, value)),
                Self::Stream(stream) => ByteStream::to_napi_value(env, stream),
                Self::Flag(flag) => made(|value| sys::napi_get_boolean(env, flag, value)),
                Self::Done => Ok(undefined(env)),
                Self::Failed(error, request_id) => {
                    string(env, error.to_json(&request_id).as_bytes())
                }
                Self::Cancelled => {
                    // It may have been sent already, and nobody read the answer.
                    let error = Error::internal("the work was dropped before it ended")
                        .outcome(Outcome::Unknown);
                    string(env, error.to_json("").as_bytes())
                }
            }
        }
    }
}

/// The value that a call puts where it is told to.
fn made(
    call: impl FnOnce(*mut sys::napi_value) -> sys::napi_status,
) -> napi::Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    check(call(&raw mut value))?;
    Ok(value)
}

unsafe fn http(env: sys::napi_env, response: Response) -> napi::Result<sys::napi_value> {
    // SAFETY: promised by the caller.
    unsafe {
        let object = made(|value| sys::napi_create_object(env, value))?;
        let headers = made(|value| sys::napi_create_object(env, value))?;
        let status = u32::from(response.status);
        let status = made(|value| sys::napi_create_uint32(env, status, value))?;
        for (name, value) in &response.headers {
            set(env, headers, name, string(env, value.as_bytes())?)?;
        }
        let body = match response.body {
            Body::Whole(body) => body,
            Body::Stream(feed) => {
                let stream = ByteStream::new(feed, response.request_id);
                set(env, object, "stream", ByteStream::to_napi_value(env, stream)?)?;
                Vec::new()
            }
        };
        set(env, object, "status", status)?;
        set(env, object, "headers", headers)?;
        set(env, object, "body", counted(env, body, 0)?)?;
        Ok(object)
    }
}

unsafe fn set(
    env: sys::napi_env,
    object: sys::napi_value,
    name: &str,
    value: sys::napi_value,
) -> napi::Result<()> {
    // SAFETY: promised by the caller.
    unsafe {
        let key = string(env, name.as_bytes())?;
        check(sys::napi_set_property(env, object, key, value))
    }
}

/// A piece of a long answer. Whoever reads it lets go of each piece soon, but V8 looks for what is not
/// held any more only once 64 MiB outside of its heap have come up. Each piece is told of twice, so
/// that it looks at half of that.
unsafe fn chunk(env: sys::napi_env, bytes: Vec<u8>) -> napi::Result<sys::napi_value> {
    let more = i64::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: promised by the caller.
    unsafe { counted(env, bytes, more) }
}

/// What belongs to an external buffer until it is collected.
struct Held {
    length: usize,
    capacity: usize,
    /// What V8 was told of besides its bytes.
    more: i64,
}

unsafe fn counted(env: sys::napi_env, bytes: Vec<u8>, more: i64) -> napi::Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    if bytes.len() >= COPY_BELOW {
        let mut owned = std::mem::ManuallyDrop::new(bytes);
        let held = Held { length: owned.len(), capacity: owned.capacity(), more };
        let hint: *mut c_void = Box::into_raw(Box::new(held)).cast();
        // SAFETY: the vector is forgotten here and made again in the finalizer, once.
        let status = unsafe {
            sys::napi_create_external_buffer(
                env,
                owned.len(),
                owned.as_mut_ptr().cast(),
                Some(free),
                hint,
                &raw mut value,
            )
        };
        if status == sys::Status::napi_ok {
            // SAFETY: promised by the caller.
            unsafe { adjust(env, more) };
            return Ok(value);
        }
        // Some runtimes have no external buffers; the bytes are copied below instead.
        // SAFETY: the call failed, so nobody else owns them.
        unsafe { drop(Box::from_raw(hint.cast::<Held>())) };
        // SAFETY: as above.
        unsafe { copy(env, &std::mem::ManuallyDrop::into_inner(owned)) }
    } else {
        // SAFETY: promised by the caller.
        unsafe { copy(env, &bytes) }
    }
}

unsafe fn copy(env: sys::napi_env, bytes: &[u8]) -> napi::Result<sys::napi_value> {
    let (length, start) = (bytes.len(), bytes.as_ptr().cast());
    // SAFETY: `bytes` is valid for the length given; the environment copies them.
    made(|value| unsafe {
        sys::napi_create_buffer_copy(env, length, start, ptr::null_mut(), value)
    })
}

/// Tells V8 of memory outside of its heap that has come up, or gone.
unsafe fn adjust(env: sys::napi_env, bytes: i64) {
    if bytes != 0 {
        let mut total = 0;
        // SAFETY: promised by the caller. It can only fail without an environment.
        unsafe { sys::napi_adjust_external_memory(env, bytes, &raw mut total) };
    }
}

unsafe extern "C" fn free(env: sys::napi_env, data: *mut c_void, hint: *mut c_void) {
    // SAFETY: `counted` made both from a vector that it forgot; Node runs this once, on the thread of
    // the environment.
    unsafe {
        let held = Box::from_raw(hint.cast::<Held>());
        drop(Vec::from_raw_parts(data.cast::<u8>(), held.length, held.capacity));
        adjust(env, -held.more);
    }
}

unsafe fn string(env: sys::napi_env, text: &[u8]) -> napi::Result<sys::napi_value> {
    let length = isize::try_from(text.len()).unwrap_or(isize::MAX);
    // SAFETY: `text` is valid for its length; the environment copies it.
    made(|value| unsafe { sys::napi_create_string_utf8(env, text.as_ptr().cast(), length, value) })
}

unsafe fn undefined(env: sys::napi_env) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: promised by the caller.
    unsafe { sys::napi_get_undefined(env, &raw mut value) };
    value
}
