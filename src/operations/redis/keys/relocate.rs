//! Giving a key another name, and copying it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::input::{Bytes, Encoding};
use crate::backend::redis::keyspace::lifetime::Lifetime;
use crate::error::{Error, Result};
use crate::json::TextOrBytes;
use crate::permission::Permission;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// A key and its new name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameInput {
    /// The key.
    key: Bytes,
    /// How the key in the path is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// The new name, as text or bytes. In a cluster it must be in the same slot.
    to: Bytes,
    /// Only if there is no key of the new name; `false` deletes that. Default `true`.
    #[serde(default = "yes")]
    nx: bool,
}

fn yes() -> bool {
    true
}

/// A key that has another name now.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RenamedKey {
    /// The new name.
    key: TextOrBytes,
    /// The name that it had.
    renamed_from: TextOrBytes,
    #[serde(flatten)]
    lifetime: Lifetime,
}

pub(super) async fn rename(cx: &Context, input: RenameInput) -> Result<Reply<RenamedKey>> {
    let key = input.key.decode(input.encoding)?;
    if key == input.to.0 {
        return Err(Error::validation("`to` is the name that the key has"));
    }
    let client = cx.redis().await?;
    let lifetime = client.rename(&key, &input.to.0, !input.nx, cx.deadline).await?;
    let (key, renamed_from) = (TextOrBytes(input.to.0), TextOrBytes(key));
    Reply::of(&RenamedKey { key, renamed_from, lifetime })
}

/// A key and where to copy it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CopyInput {
    /// The key.
    key: Bytes,
    /// How the key in the path is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// The copy's name, as text or bytes. In a cluster it must be in the same slot.
    to: Bytes,
    /// Another database of the same server, which is beyond what the connection is for: that needs
    /// admin permission.
    db: Option<u32>,
    /// Only if there is no key of that name; `false` deletes that. Default `true`.
    #[serde(default = "yes")]
    nx: bool,
}

/// The copy of a key.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CopiedKey {
    /// The copy's name.
    key: TextOrBytes,
    /// The key that it is a copy of.
    copied_from: TextOrBytes,
    #[serde(flatten)]
    lifetime: Lifetime,
}

pub(super) async fn copy(cx: &Context, input: CopyInput) -> Result<Reply<CopiedKey>> {
    let key = input.key.decode(input.encoding)?;
    if input.db.is_some() {
        cx.require(Permission::Admin)?;
    } else if key == input.to.0 {
        return Err(Error::validation("`to` is the key itself"));
    }
    let client = cx.redis().await?;
    let lifetime = client.copy(&key, &input.to.0, input.db, !input.nx, cx.deadline).await?;
    let (key, copied_from) = (TextOrBytes(input.to.0), TextOrBytes(key));
    Reply::of(&CopiedKey { key, copied_from, lifetime })
}
