//! Entries of streams, and the groups that consume them.
//!
//! None of these commands makes a stream: `XADD` is told not to, `XGROUP CREATE` is not told to.

use redis::Value;

use super::{Alone, Edit, EditResult, digits};
use crate::backend::redis::wire::reply;

/// How many entries a stream keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cap {
    /// The newest, this many.
    Length(u64),
    /// Those from this id on.
    From(String),
}

impl Cap {
    fn args(&self, is_exact: bool) -> [Vec<u8>; 3] {
        let how = if is_exact { b"=" } else { b"~" };
        match self {
            Self::Length(length) => [b"MAXLEN".to_vec(), how.to_vec(), digits(*length)],
            Self::From(id) => [b"MINID".to_vec(), how.to_vec(), id.clone().into_bytes()],
        }
    }
}

/// Adds an entry; an id of `*` lets the server choose.
#[must_use]
pub fn add(id: String, fields: Vec<(Vec<u8>, Vec<u8>)>, cap: Option<(Cap, bool)>) -> Edit {
    let mut args = vec![b"NOMKSTREAM".to_vec()];
    args.extend(cap.into_iter().flat_map(|(cap, is_exact)| cap.args(is_exact)));
    args.push(id.into_bytes());
    args.extend(fields.into_iter().flat_map(|(name, value)| [name, value]));
    Edit::of("stream")
        .step("XADD", args)
        .telling(|reply| reply::text(reply).map(EditResult::Id))
        .alone(Alone::NeedsKey)
}

/// Removes the oldest entries. Unless it is exact, some more than asked for may be kept, which is
/// much less work.
#[must_use]
pub fn trim(cap: &Cap, is_exact: bool) -> Edit {
    let args = cap.args(is_exact).to_vec();
    Edit::of("stream")
        .step("XTRIM", args)
        .telling(|reply| reply::integer(reply).map(EditResult::Removed))
        .alone(Alone::NeedsElements)
}

/// Deletes entries.
#[must_use]
pub fn delete(ids: Vec<String>) -> Edit {
    Edit::of("stream")
        .step("XDEL", texts(ids))
        .telling(|reply| reply::integer(reply).map(EditResult::Removed))
        .alone(Alone::NeedsElements)
}

/// Makes a group that begins behind `id`: `0` for everything, `$` for what is yet to come.
#[must_use]
pub fn group_create(group: Vec<u8>, id: String) -> Edit {
    Edit::of("stream")
        .step("XGROUP CREATE", vec![group, id.into_bytes()])
        .alone(Alone::NeedsElements)
}

/// Removes a group with its consumers and their pending entries.
#[must_use]
pub fn group_destroy(group: Vec<u8>) -> Edit {
    Edit::of("stream")
        .step("XGROUP DESTROY", vec![group])
        .telling(|reply| reply::integer(reply).map(EditResult::Destroyed))
        .alone(Alone::NeedsElements)
}

/// Has a group go on behind `id`.
#[must_use]
pub fn group_set_id(group: Vec<u8>, id: String) -> Edit {
    Edit::of("stream")
        .step("XGROUP SETID", vec![group, id.into_bytes()])
        .alone(Alone::NeedsElements)
}

/// Removes a consumer; its pending entries, which are then nobody's, are counted.
#[must_use]
pub fn delete_consumer(group: Vec<u8>, consumer: Vec<u8>) -> Edit {
    Edit::of("stream")
        .step("XGROUP DELCONSUMER", vec![group, consumer])
        .telling(|reply| reply::integer(reply).map(EditResult::Pending))
        .alone(Alone::NeedsElements)
}

/// Takes entries off the group's list of pending ones.
#[must_use]
pub fn ack(group: Vec<u8>, ids: Vec<String>) -> Edit {
    let args = [group].into_iter().chain(texts(ids)).collect();
    Edit::of("stream")
        .step("XACK", args)
        .telling(|reply| reply::integer(reply).map(EditResult::Acknowledged))
        .alone(Alone::NeedsElements)
}

/// Gives pending entries that were idle for long enough to another consumer. It does not count as a
/// delivery.
#[must_use]
pub fn claim(group: Vec<u8>, consumer: Vec<u8>, min_idle_ms: u64, ids: Vec<String>) -> Edit {
    let head = [group, consumer, digits(min_idle_ms)];
    let args = head.into_iter().chain(texts(ids)).chain([b"JUSTID".to_vec()]).collect();
    Edit::of("stream").step("XCLAIM", args).telling(claimed).alone(Alone::NeedsElements)
}

fn claimed(reply: &Value) -> Option<EditResult> {
    let Value::Array(ids) = reply else { return None };
    Some(EditResult::Claimed(ids.iter().filter_map(reply::text).collect()))
}

fn texts(ids: Vec<String>) -> Vec<Vec<u8>> {
    ids.into_iter().map(String::into_bytes).collect()
}
