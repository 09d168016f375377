//! A key with its value, a page of it, or all of it as a file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::input::{Bytes, Encoding, Score};
use super::{KeyInput, cursor};
use crate::backend::redis::values::{ShownKey, Window};
use crate::error::{Error, Result};
use crate::request::context::Context;
use crate::request::feed::Format;
use crate::request::reply::Reply;

/// Longest file name that is made of a key, in characters.
const MAX_FILE_NAME: usize = 100;

/// Which key, and which part of its value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysGetInput {
    /// The key.
    key: Bytes,
    /// How `key` and `pattern` are spelt.
    #[serde(default)]
    encoding: Encoding,
    /// The `cursor` of the last page of this value.
    cursor: Option<Bytes>,
    /// First byte of a string, first bit of a bitmap, first index of a list or sorted set.
    offset: Option<u64>,
    /// Bytes of a string (default: all, up to 16 MiB), bits of a bitmap (default 1024, at most
    /// 65 536), else elements (default 100, at most 1000).
    count: Option<u64>,
    /// From the end: the tail of a list, the highest scores, the newest entries.
    #[serde(default)]
    reverse: bool,
    /// Of a sorted set the lowest score, `(1.5` for greater than 1.5; of a stream the lowest id.
    min: Option<ScoreOrId>,
    /// Of a sorted set the highest score, `(1.5` for less than 1.5; of a stream the highest id.
    max: Option<ScoreOrId>,
    /// Only fields of a hash, or members of a set or sorted set, that match this glob pattern. A
    /// page may then be empty and not be the last.
    pattern: Option<Bytes>,
    /// How a string is shown.
    #[serde(default)]
    view: StringView,
}

/// How a string is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum StringView {
    /// As text or bytes.
    #[default]
    Value,
    /// As a bitmap.
    Bits,
}

/// A score or an id: both are text, and scores may be numbers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum ScoreOrId {
    Text(String),
    Number(Score),
}

impl From<ScoreOrId> for String {
    fn from(bound: ScoreOrId) -> Self {
        match bound {
            ScoreOrId::Text(text) | ScoreOrId::Number(Score(text)) => text,
        }
    }
}

pub(super) async fn get(cx: &Context, input: KeysGetInput) -> Result<Reply<ShownKey>> {
    let key = input.key.decode(input.encoding)?;
    if input.count == Some(0) {
        return Err(Error::validation("`count` must be at least 1"));
    }
    let window = Window {
        cursor: cursor(input.cursor)?,
        offset: input.offset,
        count: input.count,
        reverse: input.reverse,
        min: input.min.map(String::from),
        max: input.max.map(String::from),
        pattern: input.pattern.map(|pattern| pattern.decode(input.encoding)).transpose()?,
        bits: input.view == StringView::Bits,
    };
    let client = cx.redis().await?;
    let mut out = Reply::open();
    client.read(&key, &window, &mut out, cx.deadline).await?;
    Ok(Reply::close(out))
}

/// `redis.keys.download`: the bytes of a string. They are cut off where its length changes
/// meanwhile.
pub(super) async fn download(cx: &Context, input: KeyInput) -> Result<Reply> {
    let key = input.decoded()?;
    let name = file_name(&key);
    let client = cx.redis().await?;
    let mut download = client.download(key, cx.deadline).await?;
    let reply = Reply::stream(cx, Format::Bytes, move |cx, sink| {
        Box::pin(async move {
            while let Some(chunk) = client.download_chunk(&mut download, cx.step()).await? {
                sink.writer().raw(chunk);
                sink.flush().await?;
            }
            Ok(())
        })
    })?;
    Ok(reply.named(name))
}

fn file_name(key: &[u8]) -> String {
    let name: String = String::from_utf8_lossy(key).chars().take(MAX_FILE_NAME).collect();
    if name.is_empty() { "value".to_owned() } else { name }
}
