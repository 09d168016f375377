//! Bodies that cross piece by piece, in either direction.

use std::sync::Arc;

use bytes::Bytes;
use napi::bindgen_prelude::{Buffer, Env, Unknown};
use napi_derive::napi;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::errors::thrown;
use super::launch::start;
use crate::error::Error;
use crate::request::feed::Feed;
use crate::request::upload;

/// An answer that is made while it is read.
#[napi]
pub struct ByteStream {
    feed: Arc<tokio::sync::Mutex<Feed>>,
    cancelled: CancellationToken,
    request_id: Arc<str>,
}

impl ByteStream {
    pub(super) fn new(feed: Feed, request_id: Arc<str>) -> Self {
        let feed = Arc::new(tokio::sync::Mutex::new(feed));
        Self { feed, cancelled: CancellationToken::new(), request_id }
    }
}

#[napi]
impl ByteStream {
    /// The next bytes; `null` at the end. Rejects where the answer is cut off.
    #[napi(ts_return_type = "Promise<Buffer | null>")]
    pub fn next(&self, env: Env) -> napi::Result<Unknown<'_>> {
        let (feed, cancelled) = (Arc::clone(&self.feed), self.cancelled.clone());
        let request_id = Arc::clone(&self.request_id);
        start(env, None, async move {
            let next = async { feed.lock().await.next().await };
            match cancelled.run_until_cancelled(next).await.flatten() {
                None => Answer::Chunk(None),
                Some(result) => Answer::of(result, &request_id, |chunk| Answer::Chunk(Some(chunk))),
            }
        })
    }

    /// Ends the work behind it; nothing more will be read.
    #[napi]
    pub fn cancel(&self) {
        self.cancelled.cancel();
        // Whoever reads lets go of it now; if nobody does, it is ended here.
        if let Ok(mut feed) = self.feed.try_lock() {
            feed.end();
        } else {
            let feed = Arc::clone(&self.feed);
            let _ = super::runtime::spawn(async move { feed.lock().await.end() });
        }
    }
}

/// A request's body on its way in.
#[napi]
pub struct Upload {
    sender: Mutex<Option<upload::UploadSender>>,
    upload: Mutex<Option<upload::Upload>>,
}

#[napi]
impl Upload {
    /// A body that has not begun.
    #[napi(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        let (sender, upload) = upload::Upload::channel();
        Self { sender: Mutex::new(Some(sender)), upload: Mutex::new(Some(upload)) }
    }

    /// Hands over the next bytes, which are copied; resolves once there is room for more. `false`
    /// means that nobody reads any more.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn write(&self, env: Env, chunk: Buffer) -> napi::Result<Unknown<'_>> {
        let chunk = Bytes::copy_from_slice(&chunk);
        let sender = self.sender.lock().clone().ok_or_else(ended)?;
        start(env, None, async move { Answer::Flag(sender.send(chunk).await) })
    }

    /// The body is whole.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn end(&self, env: Env) -> napi::Result<Unknown<'_>> {
        let sender = self.sender.lock().take().ok_or_else(ended)?;
        start(env, None, async move {
            sender.end().await;
            Answer::Done
        })
    }

    /// The body was cut off.
    #[napi]
    pub fn fail(&self) {
        *self.sender.lock() = None;
    }
}

impl Upload {
    pub(super) fn take(&self) -> Option<upload::Upload> {
        self.upload.lock().take()
    }
}

fn ended() -> napi::Error {
    thrown(&Error::validation("the body has ended already"))
}
