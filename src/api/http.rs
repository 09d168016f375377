//! The first door: an HTTP request in, an HTTP response out, one crossing for both.

use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::arriving;
use super::call::Named;
use super::dispatch::{Caller, execute};
use super::find::{self, Refusal};
use super::handshake::{self, Handshake};
use super::spelling;
use crate::access::User;
use crate::error::{Error, Result};
use crate::request::context::Accept;
use crate::request::feed::Feed;
use crate::request::operation::{Gives, Operation, Takes};
use crate::request::reply::{Body, Reply};
use crate::request::upload::Upload;
use crate::service::Service;

/// A request as the adapters hand it over.
#[derive(Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// As it was sent, still percent-encoded.
    pub path: String,
    /// Without the question mark.
    pub query: String,
    /// Each name once, whatever its spelling.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// The body while it arrives; then `body` is empty.
    pub upload: Option<Upload>,
    /// The authenticated user.
    pub user: Option<User>,
    /// The peer's address.
    pub remote_address: Option<String>,
    /// Origins that the adapter allows besides the configured ones.
    pub allowed_origins: Vec<String>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whom it was sent to. What came over HTTP has it; the program's own requests do not.
    pub(super) fn host(&self) -> Option<&str> {
        self.header("host").or_else(|| self.header(":authority"))
    }

    /// Without the bytes that follow the request there is no socket, whatever its headers say.
    pub(super) fn wants_socket(&self) -> bool {
        let header = |name: &str| self.header(name).map(str::to_owned);
        self.upload.is_some() && handshake::is_asked_for(header)
    }
}

/// A response, ready to be written to a socket.
#[derive(Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header names are lower-case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or nothing, or a stream.
    pub body: Body,
    /// Identifies the request.
    pub request_id: Arc<str>,
}

/// Answers a request. Never fails: a failure is an answer.
pub async fn handle(service: &Arc<Service>, mut request: Request) -> Response {
    let spelt = spelling::settle(&mut request.headers);
    let request_id = request_id(request.header("x-request-id"));
    let answered = match spelt {
        Ok(()) => answer(service, request, &request_id).await,
        Err(error) => Err(error.into()),
    };
    match answered {
        Ok((reply, None)) => success(reply, &request_id),
        Ok((reply, Some(handshake))) => switched(reply, handshake, &request_id),
        Err(refusal) => refused(refusal, &request_id),
    }
}

fn refused(refusal: Refusal, request_id: &Arc<str>) -> Response {
    let (error, status, headers) = match refusal {
        Refusal::Failed(error) => return failure(&error, request_id),
        Refusal::MethodNotAllowed { method, allow } => {
            let error = Error::validation(format!("Method {method} Not Allowed"));
            (error, 405, vec![("allow", allow.join(", "))])
        }
        Refusal::UnknownType(error) => (error, 415, Vec::new()),
        Refusal::NoHandshake(error) => (error, 426, Handshake::required().to_vec()),
    };
    let mut response = failure(&error, request_id);
    response.status = status;
    response.headers.extend(headers);
    response
}

/// The answer to a failed request.
pub fn failure(error: &Error, request_id: &Arc<str>) -> Response {
    let body = error.to_json(request_id).into_bytes();
    let mut response = json(error.code().http_status(), body, request_id);
    if let Some(wait) = error.wait() {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers.push(("retry-after", seconds.to_string()));
    }
    response
}

fn success(reply: Reply, request_id: &Arc<str>) -> Response {
    let mut response = match reply.body {
        Body::Whole(body) => json(reply.status, body, request_id),
        Body::Stream(feed) => streamed(reply.status, feed, request_id),
    };
    response.headers.extend(reply.etag.map(|etag| ("etag", format!("\"{etag}\""))));
    response
}

fn json(status: u16, body: Vec<u8>, request_id: &Arc<str>) -> Response {
    let headers = vec![
        ("content-type", "application/json; charset=utf-8".to_owned()),
        // Answers show live data and depend on who asks.
        ("cache-control", "no-store".to_owned()),
    ];
    response(status, headers, Body::Whole(body), request_id)
}

fn streamed(status: u16, feed: Feed, request_id: &Arc<str>) -> Response {
    let mut headers = vec![
        ("content-type", feed.format.content_type().to_owned()),
        // Whoever compresses or buffers on the way would hold records back.
        ("cache-control", "no-store, no-transform".to_owned()),
        ("x-accel-buffering", "no".to_owned()),
        // It may be anybody's bytes: shown as a page, it must not run anything.
        ("content-security-policy", "default-src 'none'; sandbox".to_owned()),
    ];
    headers.extend(feed.job.map(|job| ("x-job-id", job.to_string())));
    headers.extend(feed.file_name.as_deref().map(|name| ("content-disposition", attachment(name))));
    response(status, headers, Body::Stream(feed), request_id)
}

/// From here on the bytes of both directions are a WebSocket's.
fn switched(reply: Reply, handshake: Handshake, request_id: &Arc<str>) -> Response {
    response(reply.status, handshake.headers().collect(), reply.body, request_id)
}

/// Browsers take an answer for what it says it is, and give it to no other site's page.
fn response(
    status: u16,
    mut headers: Vec<(&'static str, String)>,
    body: Body,
    request_id: &Arc<str>,
) -> Response {
    headers.extend([
        ("x-request-id", request_id.to_string()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("cross-origin-resource-policy", "same-origin".to_owned()),
    ]);
    Response { status, headers, body, request_id: Arc::clone(request_id) }
}

/// A name is spelt twice: for readers of RFC 6266, and with what is no plain letter replaced.
fn attachment(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let fallback: String = name.chars().map(plain).collect();
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{encoded}")
}

async fn answer(
    service: &Arc<Service>,
    mut request: Request,
    request_id: &Arc<str>,
) -> Result<(Reply, Option<Handshake>), Refusal> {
    let admitted = find::admit(service, &request)?;
    // Its bytes count for as long as the request runs.
    let _seat = arriving::whole(service, &mut request, find::takes(&admitted)).await?;
    // Such a body has all input, and is read for the name.
    let is_by_name = admitted.is_none();
    let Named { operation, mut params } = find::read(&request, admitted)?;
    if let Some(etag) = request.header("if-match") {
        // An operation that can't keep to it refuses it.
        params.text("if_match", etag)?;
    }
    for name in ["if-none-match", "if-unmodified-since"] {
        // To pass it over would be to change what it is there to keep.
        if request.method != "GET" && request.header(name).is_some() {
            let message = format!("`{name}` is not understood in a change; `if-match` is");
            return Err(Error::validation(message).into());
        }
    }
    let fresh = request.header("cache-control").is_some_and(|v| v.contains("no-cache"));
    let mut accept = accept(request.header("accept"));
    let handshake = handshake(operation, &request, accept)?;
    let is_operator = shows_token(service, &request);
    let upload = match operation.takes {
        Takes::Upload => Some(request.upload.unwrap_or_else(|| Upload::whole(&request.body))),
        Takes::Json if handshake.is_some() => {
            accept = Accept::Socket;
            request.upload
        }
        Takes::Json => {
            if !is_by_name {
                params.body(&request.body)?;
            }
            None
        }
    };
    let caller = Caller {
        is_operator,
        user: request.user,
        request_id: Arc::clone(request_id),
        fresh,
        direct: None,
        accept,
        upload,
    };
    Ok((execute(service, operation, params, caller).await?, handshake))
}

/// Whether the request carries the operator's token. Compared so that how long it takes tells nothing
/// of the token.
pub(super) fn shows_token(service: &Service, request: &Request) -> bool {
    let shown = request.header("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let (Some(token), Some(shown)) = (&service.config.metrics_token, shown) else { return false };
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    digest(token.expose_secret()).ct_eq(&digest(shown)).into()
}

/// The handshake of a request that becomes a WebSocket; `None` where it does not.
fn handshake(
    operation: &Operation,
    request: &Request,
    accept: Accept,
) -> Result<Option<Handshake>, Refusal> {
    let header = |name: &str| request.header(name).map(str::to_owned);
    let is_socket = request.wants_socket();
    match (operation.gives, accept) {
        (Gives::Socket, _) if is_socket => {
            Handshake::read(header).map(Some).map_err(Refusal::NoHandshake)
        }
        (_, _) if is_socket => {
            Err(Error::validation(format!("{} is not a WebSocket", request.path)).into())
        }
        (Gives::Socket, Accept::Json) => Err(Refusal::NoHandshake(Error::validation(
            "this is a WebSocket; connect with one, or ask for text/event-stream",
        ))),
        _ => Ok(None),
    }
}

/// The kind of stream that is asked for, if any.
fn accept(header: Option<&str>) -> Accept {
    match header {
        Some(types) if types.contains("text/event-stream") => Accept::Events,
        Some(types) if types.contains("application/x-ndjson") => Accept::Ndjson,
        _ => Accept::Json,
    }
}

/// A caller's own id is kept where it is harmless in logs and comments.
fn request_id(sent: Option<&str>) -> Arc<str> {
    let harmless = |id: &&str| {
        !id.is_empty()
            && id.len() <= 64
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    match sent.filter(harmless) {
        Some(id) => id.into(),
        None => Uuid::new_v4().to_string().into(),
    }
}
