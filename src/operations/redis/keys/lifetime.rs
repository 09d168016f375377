//! The time that a key has left.

use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::input::{Bytes, Encoding};
use crate::backend::redis::keyspace::lifetime::{Expiry, Lifetime};
use crate::error::{Error, Result};
use crate::json::TextOrBytes;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// A key and the time that it has left: one of `ttl`, `ttl_ms`, `at` and `at_ms`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpireInput {
    /// The key.
    key: Bytes,
    /// How the key is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// Seconds to live; −1 is for ever.
    ttl: Option<i64>,
    /// Milliseconds to live; −1 is for ever.
    ttl_ms: Option<i64>,
    /// When it ends, in seconds since 1970.
    at: Option<u64>,
    /// When it ends, in milliseconds since 1970.
    at_ms: Option<u64>,
}

/// A key and the time that it has left now.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct KeyLifetime {
    /// The key.
    key: TextOrBytes,
    #[serde(flatten)]
    lifetime: Lifetime,
}

pub(super) async fn expire(cx: &Context, input: ExpireInput) -> Result<Reply<KeyLifetime>> {
    let key = input.key.decode(input.encoding)?;
    let expiry = expiry(input.ttl, input.ttl_ms, input.at, input.at_ms)?
        .ok_or_else(|| Error::validation("give `ttl`, `ttl_ms`, `at` or `at_ms`"))?;
    let client = cx.redis().await?;
    let lifetime = client.expire(&key, expiry, cx.deadline).await?;
    Reply::of(&KeyLifetime { key: TextOrBytes(key), lifetime })
}

/// The one of the four that is given; `None` if none is.
///
/// Redis deletes at once what ends at a time that has passed. That is refused: who means to delete
/// says so.
pub(super) fn expiry(
    ttl: Option<i64>,
    ttl_ms: Option<i64>,
    at: Option<u64>,
    at_ms: Option<u64>,
) -> Result<Option<Expiry>> {
    let thousandfold = |seconds: u64, name: &str| {
        let too_far = || Error::validation(format!("`{name}` is too far away"));
        seconds.checked_mul(1000).ok_or_else(too_far)
    };
    let expiry = match (ttl, ttl_ms, at, at_ms) {
        (None, None, None, None) => return Ok(None),
        (Some(-1), None, None, None) | (None, Some(-1), None, None) => Expiry::Never,
        (Some(ttl), None, None, None) => Expiry::In(thousandfold(positive(ttl, "ttl")?, "ttl")?),
        (None, Some(ttl), None, None) => Expiry::In(positive(ttl, "ttl_ms")?),
        (None, None, Some(at), None) => Expiry::At(future(thousandfold(at, "at")?, "at")?),
        (None, None, None, Some(at)) => Expiry::At(future(at, "at_ms")?),
        _ => {
            return Err(Error::validation("`ttl`, `ttl_ms`, `at` and `at_ms` exclude each other"));
        }
    };
    Ok(Some(expiry))
}

fn positive(ttl: i64, name: &str) -> Result<u64> {
    u64::try_from(ttl)
        .ok()
        .filter(|&ttl| ttl > 0)
        .ok_or_else(|| Error::validation(format!("`{name}` is positive, or -1 for no end")))
}

fn future(at_ms: u64, name: &str) -> Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    if u128::from(at_ms) > now.as_millis() {
        return Ok(at_ms);
    }
    Err(Error::validation(format!("`{name}` has passed; delete the key if that is meant")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_way_to_say_it_at_a_time() {
        let said = |ttl, ttl_ms, at, at_ms| expiry(ttl, ttl_ms, at, at_ms);
        assert_eq!(said(None, None, None, None).unwrap(), None);
        assert_eq!(said(Some(5), None, None, None).unwrap(), Some(Expiry::In(5000)));
        assert_eq!(said(None, Some(5), None, None).unwrap(), Some(Expiry::In(5)));
        for never in [said(Some(-1), None, None, None), said(None, Some(-1), None, None)] {
            assert_eq!(never.unwrap(), Some(Expiry::Never));
        }
        let far = 1 << 40;
        assert_eq!(said(None, None, Some(far), None).unwrap(), Some(Expiry::At(far * 1000)));
        assert!(said(Some(5), Some(5), None, None).is_err());
        assert!(said(Some(-1), None, Some(far), None).is_err());
    }

    proptest! {
        #[test]
        fn nothing_that_would_delete_is_taken(ttl in i64::MIN..=0, at in 0_u64..1_700_000_000) {
            prop_assume!(ttl != -1);
            prop_assert!(expiry(Some(ttl), None, None, None).is_err());
            prop_assert!(expiry(None, Some(ttl), None, None).is_err());
            prop_assert!(expiry(None, None, Some(at), None).is_err());
            prop_assert!(expiry(None, None, None, Some(at * 1000)).is_err());
        }
    }
}
