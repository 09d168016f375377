//! Operations on HTTP services ("Bun API").

mod answer;
mod request;

use std::time::Instant;

use hyper::header::HeaderValue;

use crate::backend::http::{Answer, HEALTH, INFO, Request};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::request::context::Context;
use crate::request::operation::operations;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

operations! {
    /// Whether the service says that it is well.
    "http.health" GET "/bun/{scope}/health" Connection(BunApi) Read 1 => health;
    /// What the service says about itself.
    "http.info" GET "/bun/{scope}/info" Connection(BunApi) Read 1 cache 30 => info;
    /// One request below the connection's base URL, with its API key.
    "http.request" POST "/bun/{scope}/request" Connection(BunApi) Read 2 does by_input => request::request;
}

/// `GET {base}/health`. Any status is an answer; only a success is `healthy`.
async fn health(cx: &Context, _input: Nothing) -> Result<Reply> {
    let started = Instant::now();
    let answer = get(cx, HEALTH).await?;
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    let mut writer = Reply::open();
    writer.raw("{\"healthy\":");
    writer.boolean(answer.status.is_success());
    writer.raw(",\"latency_ms\":");
    writer.number((ms * 100.0).round() / 100.0);
    writer.raw(",");
    answer::write_members(&mut writer, &answer);
    writer.raw("}");
    Ok(Reply::close(writer))
}

/// `GET {base}/info`. What is no success is a failure, which is not served again.
async fn info(cx: &Context, _input: Nothing) -> Result<Reply> {
    let answer = get(cx, INFO).await?;
    let (code, hint) = match answer.status.as_u16() {
        200..300 => return Ok(answer::reply(&answer)),
        401 | 403 => (Code::DbInvalidCredentials, "; is the API key right?"),
        404 => (Code::DbNotFound, "; the service does not tell about itself"),
        _ => (Code::DbQueryError, ""),
    };
    let message = format!("GET {INFO} was answered with {}{hint}", answer.status);
    Err(Error::new(code, message).detail("status", answer.status.as_u16()))
}

async fn get(cx: &Context, path: &str) -> Result<Answer> {
    send(cx, Request::get(path), cx.deadline).await
}

/// Sends a request that can be found again in the service's logs.
async fn send(cx: &Context, mut request: Request, deadline: Deadline) -> Result<Answer> {
    if let Ok(id) = HeaderValue::from_str(&cx.request_id) {
        request.headers.entry("x-request-id").or_insert(id);
    }
    request.max_answer = cx.service.config.max_result_bytes;
    cx.http().await?.send(&request, deadline).await
}
