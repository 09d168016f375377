//! Operations on HTTP services ("Bun API").

mod answer;
mod request;

use std::time::Instant;

use hyper::header::HeaderValue;
use schemars::JsonSchema;
use serde::Serialize;

use self::answer::ServiceAnswer;
use crate::backend::http::{Answer, HEALTH, INFO, Request};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::request::context::Context;
use crate::request::operation::operations;
use crate::request::params::Nothing;
use crate::request::reply::Reply;

operations! {
    /// Whether the service says that it is well.
    ///
    /// Sends `GET {base}/health`. Any status is an answer; only a success is `healthy`.
    "http.health" GET "/bun/{scope}/health" Connection(BunApi) Read 1 => health;
    /// What the service says about itself.
    ///
    /// Sends `GET {base}/info`. What is no success is a failure, which is not served again.
    "http.info" GET "/bun/{scope}/info" Connection(BunApi) Read 1 cache 30 => info;
    /// One request below the connection's base URL, with its API key.
    ///
    /// Answers with what the service answered, of whatever status. Methods that only read need read
    /// permission, others write permission.
    "http.request" POST "/bun/{scope}/request" Connection(BunApi) Read 2 does by_input => request::request;
}

/// How a service answered when it was asked for its health.
#[derive(Debug, Serialize, JsonSchema)]
struct ServiceHealth<'a> {
    /// Whether the status is a success.
    healthy: bool,
    /// How long the answer took.
    latency_ms: f64,
    #[serde(flatten)]
    answer: ServiceAnswer<'a>,
}

async fn health(cx: &Context, _input: Nothing) -> Result<Reply<ServiceHealth<'static>>> {
    let started = Instant::now();
    let answer = get(cx, HEALTH).await?;
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    Reply::of(&ServiceHealth {
        healthy: answer.status.is_success(),
        latency_ms: (ms * 100.0).round() / 100.0,
        answer: (&answer).into(),
    })
}

async fn info(cx: &Context, _input: Nothing) -> Result<Reply<ServiceAnswer<'static>>> {
    let answer = get(cx, INFO).await?;
    let (code, hint) = match answer.status.as_u16() {
        200..300 => return Reply::of(&(&answer).into()),
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
