//! What waits for one reader.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::frames::{Frames, Framing};
use super::gap::{Gap, GapReason};
use crate::error::{Code, Error, Result};
use crate::json::Object;

/// What a waiting piece costs besides its bytes, so that many small ones are bounded too.
const OVERHEAD: usize = 64;

/// A bounded queue of messages. Copies are the same queue.
#[derive(Debug, Clone)]
pub struct Outbox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: usize,
    queue: Mutex<Queue>,
    news: Notify,
    room: Notify,
    ending: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Frames>,
    size: usize,
    /// Messages dropped since the last that was let in; until they are told of, all are dropped.
    dropped: u64,
    ended: Option<Error>,
}

impl Queue {
    fn push(&mut self, frames: Frames) {
        self.size += frames.len() + OVERHEAD;
        self.waiting.push_back(frames);
    }

    /// Whether it takes more. One piece is always taken, or a large one could never pass.
    fn has_room(&self, limit: usize, frames: &Frames) -> bool {
        self.waiting.is_empty() || self.size + frames.len() + OVERHEAD <= limit
    }
}

impl Outbox {
    /// A queue of about `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Shared {
            limit,
            queue: Mutex::default(),
            news: Notify::new(),
            room: Notify::new(),
            ending: Notify::new(),
        }))
    }

    /// Adds messages where there is room. Where there is none they are dropped, and all that follow
    /// until half of the queue was read: then the reader is told how many it missed, at the place
    /// where they would have been.
    pub fn offer(&self, frames: &Frames) {
        let mut queue = self.0.queue.lock();
        if queue.dropped > 0 || !queue.has_room(self.0.limit, frames) {
            queue.dropped += u64::from(frames.count());
            return;
        }
        queue.push(frames.clone());
        drop(queue);
        self.0.news.notify_one();
    }

    /// Adds messages that must not be dropped: answers to the reader itself. A reader that asks
    /// again and again and reads nothing is ended.
    pub fn tell(&self, frames: &Frames) {
        let mut queue = self.0.queue.lock();
        if queue.size > 2 * self.0.limit {
            drop(queue);
            self.end(Error::new(Code::RateLimited, "answers are asked for and not read"));
            return;
        }
        queue.push(frames.clone());
        drop(queue);
        self.0.news.notify_one();
    }

    /// Adds messages once there is room: for a source that can wait for its reader.
    pub async fn send(&self, frames: &Frames) {
        loop {
            let room = self.0.room.notified();
            {
                let mut queue = self.0.queue.lock();
                if queue.has_room(self.0.limit, frames) {
                    queue.push(frames.clone());
                    break;
                }
            }
            room.await;
        }
        self.0.news.notify_one();
    }

    /// The source is over, and why. What waits is still read.
    pub fn end(&self, cause: Error) {
        self.0.queue.lock().ended.get_or_insert(cause);
        self.0.ending.notify_one();
    }

    /// Waits until the source is over. For one waiter.
    pub async fn ended(&self) -> Error {
        loop {
            let ending = self.0.ending.notified();
            if let Some(cause) = &self.0.queue.lock().ended {
                return cause.clone();
            }
            ending.await;
        }
    }

    /// Waits until there is something to read. For one waiter.
    pub async fn ready(&self) {
        loop {
            let news = self.0.news.notified();
            if !self.is_empty() {
                return;
            }
            news.await;
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.queue.lock().waiting.is_empty()
    }

    /// Moves what waits to the end of `out`, until that has about `until` bytes. `each` may refuse what
    /// is moved.
    pub fn take(
        &self,
        out: &mut Vec<u8>,
        until: usize,
        framing: Framing,
        each: impl Fn(&Frames) -> Result<()>,
    ) -> Result<()> {
        let mut taken = Vec::new();
        {
            let mut queue = self.0.queue.lock();
            let mut size = out.len();
            while size < until
                && let Some(frames) = queue.waiting.pop_front()
            {
                size += frames.len();
                queue.size -= frames.len() + OVERHEAD;
                taken.push(frames);
            }
            if queue.dropped > 0 && queue.size <= self.0.limit / 2 {
                let dropped = Some(std::mem::take(&mut queue.dropped));
                queue.push(told(&Gap { dropped, reason: GapReason::SlowReader })?);
            }
        }
        self.0.room.notify_waiters();
        // Copied outside the lock, where sources do not wait for it.
        out.reserve(taken.iter().map(Frames::len).sum());
        for frames in taken {
            each(&frames)?;
            frames.append_to(out, framing);
        }
        Ok(())
    }
}

/// `{"type":"gap","dropped":3,"reason":"slow_reader"}`
fn told(gap: &Gap) -> Result<Frames> {
    Frames::one(|out| {
        let mut object = Object::open(out);
        object.key("type").string("gap");
        object.members(gap)?;
        object.close();
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn message(text: &str) -> Frames {
        Frames::one(|out| {
            out.raw(text);
            Ok(())
        })
        .unwrap()
    }

    fn lines(outbox: &Outbox, until: usize) -> Vec<String> {
        let mut out = Vec::new();
        outbox.take(&mut out, until, Framing::Lines, |_| Ok(())).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_slow_reader_is_told_how_many_it_missed_and_where() {
        let outbox = Outbox::new(10 * (OVERHEAD + 3));
        for n in 0..25 {
            outbox.offer(&message(&(n % 10).to_string()));
        }
        // Less than half is read: there may be room, and still nothing may overtake the gap.
        assert_eq!(lines(&outbox, 2).len(), 1);
        outbox.offer(&message("x"));
        assert_eq!(lines(&outbox, usize::MAX), ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        outbox.offer(&message("y"));
        let gap = r#"{"type":"gap","dropped":16,"reason":"slow_reader"}"#;
        assert_eq!(lines(&outbox, usize::MAX), [gap, "y"]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_message_larger_than_the_queue_passes_alone() {
        let outbox = Outbox::new(100);
        outbox.offer(&message(&"x".repeat(1000)));
        outbox.offer(&message("y"));
        assert_eq!(lines(&outbox, usize::MAX), ["x".repeat(1000)]);
        assert!(lines(&outbox, usize::MAX)[0].contains("\"dropped\":1"));
    }

    #[tokio::test]
    async fn a_source_that_can_wait_loses_nothing() {
        let outbox = Outbox::new(200);
        let sending = async {
            for n in 0..100 {
                outbox.send(&message(&n.to_string())).await;
            }
        };
        let reading = async {
            let mut seen = Vec::new();
            while seen.len() < 100 {
                outbox.ready().await;
                seen.extend(lines(&outbox, 1));
            }
            seen
        };
        let ((), seen) = futures_util::future::join(sending, reading).await;
        assert_eq!(seen, (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn whoever_asks_and_never_reads_is_ended() {
        let outbox = Outbox::new(1000);
        while outbox.ended().now_or_never().is_none() {
            outbox.tell(&message("answer"));
            assert!(outbox.0.queue.lock().size < 3000);
        }
    }
}
