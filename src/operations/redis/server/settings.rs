//! The settings.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::redis::server::settings::Settings;
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

pub(super) async fn list(cx: &Context, input: SettingsInput) -> Result<Reply<Settings>> {
    let pattern = input.pattern.as_deref().unwrap_or("*");
    let client = cx.redis().await?;
    Reply::of(&client.settings(pattern, cx.deadline).await?)
}
