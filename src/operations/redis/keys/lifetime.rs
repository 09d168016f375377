//! The time that a key has left.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::input::{Bytes, Encoding, seconds};
use crate::api::reply::Reply;
use crate::context::Context;
use crate::error::Result;

/// A key and the time that it has left.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpireInput {
    /// The key.
    key: Bytes,
    /// How the key is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// Seconds to live; −1 is for ever.
    ttl: i64,
}

/// `redis.keys.expire`
pub(super) async fn expire(cx: &Context, input: ExpireInput) -> Result<Reply> {
    let key = input.key.decode(input.encoding)?;
    let ttl = seconds(Some(input.ttl))?;
    let client = cx.redis().await?;
    client.expire(&key, ttl, cx.deadline).await?;
    Reply::write(|out| {
        out.raw(b"{\"key\":");
        out.text_or_bytes(&key);
        out.raw(b",\"ttl\":");
        out.integer(input.ttl);
        out.raw(b"}");
        Ok(())
    })
}
