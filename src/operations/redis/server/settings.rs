//! The settings.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Result;
use crate::request::context::Context;
use crate::request::reply::Reply;

/// Which settings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsInput {
    /// Glob pattern of their names; default all.
    pattern: Option<String>,
}

/// `redis.config`: `{ settings: { name: value }, nodes?: [{ id, host, port, role, differing }], warnings
/// }`. A secret that is set is `(redacted)`.
pub(super) async fn list(cx: &Context, input: SettingsInput) -> Result<Reply> {
    let pattern = input.pattern.as_deref().unwrap_or("*");
    let client = cx.redis().await?;
    Reply::json(&client.settings(pattern, cx.deadline).await?)
}
