//! Who is connected.

use schemars::JsonSchema;
use serde::Deserialize;

use super::MAX_LIMIT;
use crate::backend::redis::server::clients::ClientPage;
use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::up_to;
use crate::request::reply::Reply;

const DEFAULT_LIMIT: usize = 100;

/// Kinds that `CLIENT LIST` tells apart.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ClientKind {
    Normal,
    Master,
    Replica,
    Pubsub,
}

/// Which clients.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientsInput {
    /// Only clients of this kind.
    #[serde(rename = "type")]
    kind: Option<ClientKind>,
    /// `"0"` at first, then the `cursor` of the page before.
    cursor: Option<String>,
    /// Clients per page, 1 to 1000; default 100.
    limit: Option<usize>,
}

pub(super) async fn list(cx: &Context, input: ClientsInput) -> Result<Reply<ClientPage>> {
    let limit = up_to("limit", input.limit.unwrap_or(DEFAULT_LIMIT), MAX_LIMIT)?;
    let kind = input.kind.map(|kind| match kind {
        ClientKind::Normal => "normal",
        ClientKind::Master => "master",
        ClientKind::Replica => "replica",
        ClientKind::Pubsub => "pubsub",
    });
    let cursor = input.cursor.as_deref().unwrap_or("0");
    let client = cx.redis().await?;
    Reply::of(&client.clients(kind, cursor, limit, cx.deadline).await?)
}
