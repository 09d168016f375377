//! Operations on HTTP services ("Bun API").

mod answer;
mod request;

use std::time::Instant;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::operation::operations;
use crate::api::reply::Reply;
use crate::backend::http::{Answer, HEALTH, INFO, Request};
use crate::context::Context;
use crate::error::Result;

operations! {
    /// Whether the service says that it is well.
    "http.health" GET "/bun/{scope}/health" Connection(BunApi) Read 1 => health;
    /// What the service says about itself.
    "http.info" GET "/bun/{scope}/info" Connection(BunApi) Read 1 cache 30 => info;
    /// One request below the connection's base URL, with its API key.
    "http.request" POST "/bun/{scope}/request" Connection(BunApi) Read 2 => request::request;
}

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoInput {}

/// `GET {base}/health`. Any status is an answer; only a success is `healthy`.
async fn health(cx: &Context, _input: NoInput) -> Result<Reply> {
    let started = Instant::now();
    let answer = get(cx, HEALTH).await?;
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    Reply::write(|writer| {
        writer.raw("{\"healthy\":");
        writer.boolean(answer.status.is_success());
        writer.raw(",\"latency_ms\":");
        writer.number((ms * 100.0).round() / 100.0);
        writer.raw(",");
        answer::write_members(writer, &answer);
        writer.raw("}");
        Ok(())
    })
}

/// `GET {base}/info`.
async fn info(cx: &Context, _input: NoInput) -> Result<Reply> {
    let answer = get(cx, INFO).await?;
    answer::reply(&answer)
}

async fn get(cx: &Context, path: &str) -> Result<Answer> {
    cx.http().await?.send(&Request::get(path), cx.deadline).await
}
