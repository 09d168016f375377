//! What is put into each request to a service, and what is made of its answer.

use std::io::ErrorKind;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use secrecy::ExposeSecret;
use url::Url;

use super::dialer::Connection;
use super::exchange::{Answer, Request};
use super::mask::Mask;
use crate::error::{Code, Error, Result};
use crate::target::{CallerHeaders, HttpTarget, ReaderPaths};

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("studio-multidb/", env!("CARGO_PKG_VERSION")));

/// Bytes of an answer that are looked through between two other requests.
const MASKED_AT_ONCE: usize = 128 << 10;

/// What is put into every request.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) base_url: Url,
    host: HeaderValue,
    /// What hides the API key, where there is one that is long enough.
    mask: Option<Arc<Mask>>,
    /// `Bearer …`, marked as sensitive.
    authorization: Option<HeaderValue>,
    pub(super) reader_paths: Option<ReaderPaths>,
    pub(super) request_headers: CallerHeaders,
}

/// How one try to get an answer ended.
pub(super) enum Try {
    Answered(Answer),
    /// Nothing of the request was written.
    NotSent,
    /// The connection was lost after some of it may have been.
    Lost,
}

impl Service {
    pub(super) fn new(target: &HttpTarget) -> Result<Self> {
        let authority = match (target.base_url.host_str(), target.base_url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(Error::validation("the base URL has no host")),
        };
        let host = HeaderValue::from_str(&authority)
            .map_err(|_| Error::validation("the base URL's host cannot be sent"))?;
        let key = target.api_key.as_ref().map(ExposeSecret::expose_secret);
        let authorization = key.map(|key| HeaderValue::from_str(&format!("Bearer {key}")));
        let mut authorization = authorization.transpose().map_err(|_| {
            Error::validation("the API key holds characters that no header may hold")
        })?;
        if let Some(value) = &mut authorization {
            value.set_sensitive(true);
        }
        Ok(Self {
            base_url: target.base_url.clone(),
            host,
            mask: key.and_then(Mask::of).map(Arc::new),
            authorization,
            reader_paths: target.reader_paths.clone(),
            request_headers: target.request_headers.clone(),
        })
    }

    /// The request as it is written, with what callers may not set.
    pub(super) fn message(
        &self,
        request: &Request,
        url: &Url,
    ) -> Result<hyper::Request<Full<Bytes>>> {
        let path_and_query = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut message = hyper::Request::new(Full::new(request.body.clone()));
        *message.method_mut() = request.method.clone();
        *message.uri_mut() = path_and_query
            .parse()
            .map_err(|_| Error::validation("the path holds characters that cannot be sent"))?;
        let mut headers: HeaderMap = request.headers.clone();
        headers.insert(header::HOST, self.host.clone());
        headers.insert(header::USER_AGENT, USER_AGENT);
        // The key is looked for in what comes back, so that must come as it is, and whole.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(authorization) = &self.authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        *message.headers_mut() = headers;
        Ok(message)
    }

    /// Sends the message that was made of the request, and reads the answer.
    pub(super) async fn exchange(
        &self,
        connection: &mut Connection,
        message: hyper::Request<Full<Bytes>>,
        request: &Request,
    ) -> Result<Try> {
        connection.is_busy = true;
        let tried = match connection.sender.try_send_request(message).await {
            Ok(response) => self.read(response, request).await,
            Err(failure) if failure.message().is_some() => Ok(Try::NotSent),
            Err(failure) => failed(failure.error(), request),
        };
        connection.is_busy = !matches!(tried, Ok(Try::Answered(_)));
        tried
    }

    async fn read(&self, response: Response<Incoming>, request: &Request) -> Result<Try> {
        let (head, body) = response.into_parts();
        let too_large = || {
            let outcome = request.once_answered(head.status);
            let message = format!("the answer is larger than {} bytes", request.max_answer);
            Error::new(Code::PayloadTooLarge, message).outcome(outcome)
        };
        if !body.is_end_stream() && is_transformed(&head.headers) {
            return Err(unreadable(head.status, request));
        }
        if body.size_hint().lower() > request.max_answer as u64 {
            return Err(too_large());
        }
        let body = match Limited::new(body, request.max_answer).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => return Err(too_large()),
            Err(error) => match error.downcast_ref::<hyper::Error>() {
                Some(error) => return failed(error, request),
                None => return Ok(Try::Lost),
            },
        };
        if !body.is_empty() && is_encoded(&head.headers) {
            return Err(unreadable(head.status, request));
        }
        let mut answer = Answer::new(head.status, head.headers, body);
        if let Some(mask) = self.mask.clone() {
            answer = hidden(answer, mask).await?;
        }
        Ok(Try::Answered(answer))
    }

    /// Refuses an answer to a plain `GET` that says that the key is wrong.
    pub(super) fn check_accepted(&self, status: StatusCode) -> Result<()> {
        if !matches!(status.as_u16(), 401 | 403) {
            return Ok(());
        }
        let what = match self.authorization {
            Some(_) => "the service refused the API key",
            None => "the service asks for an API key, and the connection has none",
        };
        let message = format!("{what} ({status})");
        Err(Error::new(Code::DbInvalidCredentials, message))
    }
}

/// Whether the body is in another form than it was asked for.
fn is_encoded(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.flat_map(|value| value.as_bytes().split(|&byte| byte == b',')).any(|coding| {
        let coding = coding.trim_ascii();
        !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
    })
}

/// Whether the body is in another form on its way: `chunked` is undone here, and nothing else is.
fn is_transformed(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => false,
        (Some(only), None) => !only.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => true,
    }
}

/// The detail of an answer that can't be read: its status.
const UNREADABLE_STATUS: &str = "status";

/// The answer came, but the API key might be in it and could not be seen.
fn unreadable(status: StatusCode, request: &Request) -> Error {
    let message = format!(
        "the service compressed its answer ({status}) although it was asked not to, so that it can't \
         be checked and is not shown; turn off there what sets `Content-Encoding` for \
         `Accept-Encoding: identity`, or a `Transfer-Encoding` other than `chunked`"
    );
    let error = Error::new(Code::DbQueryError, message).outcome(request.once_answered(status));
    error.detail(UNREADABLE_STATUS, status.as_u16())
}

pub(super) fn status_of_unreadable(error: &Error) -> Option<StatusCode> {
    let status = error.details().get(UNREADABLE_STATUS)?.as_u64()?;
    StatusCode::from_u16(u16::try_from(status).ok()?).ok()
}

/// What a failure means that came after some of the request may have been sent. None of these is the
/// endpoint's failure: it was connected to, and an answer that can't be read is that request's.
///
/// | how the answer ended | told as |
/// |---|---|
/// | a head of too many headers, or too large | `PAYLOAD_TOO_LARGE` |
/// | a head that is not HTTP | `DB_CONNECTION_FAILED` |
/// | a body whose framing is broken | `DB_QUERY_ERROR` |
/// | early, or by a reset | lost: a read is made again once |
fn failed(error: &hyper::Error, request: &Request) -> Result<Try> {
    // hyper shows this kind of failure in its words alone.
    let too_large = error.is_parse() && error.to_string().contains("too large");
    let (code, message) = if too_large {
        (Code::PayloadTooLarge, "the head of the service's answer is too large to be read")
    } else if error.is_parse() {
        let message = "the service did not answer with valid HTTP; is this the right port?";
        (Code::DbConnectionFailed, message)
    } else if is_misframed(error) {
        (Code::DbQueryError, "the body of the service's answer is not valid HTTP")
    } else {
        return Ok(Try::Lost);
    };
    Err(Error::new(code, message).outcome(request.once_sent()))
}

/// Whether a body is cut into chunks in a way that can't be read.
fn is_misframed(error: &hyper::Error) -> bool {
    let source = std::error::Error::source(error);
    let io = source.and_then(|source| source.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| matches!(io.kind(), ErrorKind::InvalidInput | ErrorKind::InvalidData))
}

/// The answer without the key. Looking through megabytes must not hold up other requests.
async fn hidden(mut answer: Answer, mask: Arc<Mask>) -> Result<Answer> {
    if answer.body.len() <= MASKED_AT_ONCE {
        answer.hide(&mask);
        return Ok(answer);
    }
    let hiding = tokio::task::spawn_blocking(move || {
        answer.hide(&mask);
        answer
    });
    hiding.await.map_err(|_| Error::internal("looking for the key in the answer failed"))
}
