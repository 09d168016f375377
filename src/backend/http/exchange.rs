//! What is sent and what comes back.

use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use super::mask::Mask;
use crate::error::{Code, Error, Result};
use crate::outcome::Outcome;
use crate::target::CallerHeaders;

/// Not shown: they belong to the connection, or set a session.
const HIDDEN: [HeaderName; 10] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::SET_COOKIE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("set-cookie2"),
];

/// More is not expected of what services say about themselves.
const MAX_ANSWER: usize = 1024 * 1024;

/// A request below the base URL.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method; `CONNECT` and `TRACE` are refused.
    pub method: Method,
    /// Path below the base URL, with or without a leading `/`; may carry a query.
    pub path: String,
    /// More query parameters, not encoded.
    pub query: Vec<(String, String)>,
    /// Headers; see [`caller_header`].
    pub headers: HeaderMap,
    /// Body; none for `GET` and `HEAD`.
    pub body: Bytes,
    /// The largest body of an answer, in bytes.
    pub max_answer: usize,
}

/// What the service answered.
#[derive(Debug)]
pub struct Answer {
    /// Status, also of a redirect, which is never followed.
    pub status: StatusCode,
    /// Headers, without those that belong to the connection and without cookies.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Request {
    /// A plain `GET` that expects a small answer.
    pub fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            max_answer: MAX_ANSWER,
        }
    }

    /// Whether it changes nothing, so that it may be sent again.
    pub fn only_reads(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// What is known of its effect once some of it may have been sent and no answer came.
    pub(super) fn once_sent(&self) -> Outcome {
        if self.only_reads() { Outcome::NotApplied } else { Outcome::Unknown }
    }

    /// The same once the service has answered with a status, and its answer can't be shown.
    pub(super) fn once_answered(&self, status: StatusCode) -> Outcome {
        match self.once_sent() {
            // The service did what it was asked to.
            Outcome::Unknown if status.is_success() => Outcome::Applied,
            outcome => outcome,
        }
    }

    pub(super) fn check(&self, headers: &CallerHeaders) -> Result<()> {
        let refused = |message| Err(Error::new(Code::OperationNotAllowed, message));
        if let Some(name) = self.headers.keys().find(|name| !headers.allow(name.as_str())) {
            return refused(format!(
                "the header `{name}` may not be set; what else callers may send is listed in the \
                 connection's `request_headers`"
            ));
        }
        if matches!(self.method, Method::CONNECT | Method::TRACE) {
            return refused(format!("{} is not allowed", self.method));
        }
        if self.only_reads() && !self.body.is_empty() {
            return Err(Error::validation(format!("a {} request has no body", self.method)));
        }
        Ok(())
    }
}

/// A header that a caller may send, as far as its spelling goes.
pub fn caller_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let lower = name.to_ascii_lowercase();
    let header = HeaderName::from_bytes(lower.as_bytes())
        .map_err(|_| Error::validation("a header name holds characters it may not hold"))?;
    let value = HeaderValue::from_str(value).map_err(|_| {
        Error::validation(format!("the value of the header `{lower}` is not printable text"))
    })?;
    Ok((header, value))
}

impl Answer {
    pub(super) fn new(status: StatusCode, mut headers: HeaderMap, body: Bytes) -> Self {
        // Whatever `Connection` names belongs to the connection too (RFC 9110, 7.6.1).
        let named: Vec<HeaderName> = headers
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().parse().ok())
            .collect();
        for name in HIDDEN.iter().chain(&named) {
            headers.remove(name);
        }
        Self { status, headers, body }
    }

    /// The body is JSON by its content type. Whether it parses is another question.
    pub fn says_json(&self) -> bool {
        self.headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .map(|kind| kind.trim().to_ascii_lowercase())
            .is_some_and(|kind| kind.ends_with("/json") || kind.ends_with("+json"))
    }

    /// A service may repeat what it was sent; the key is not for the one who reads this.
    pub(super) fn hide(&mut self, mask: &Mask) {
        if let Some(masked) = mask.apply(&self.body) {
            self.body = masked.into();
        }
        let named: Vec<HeaderName> = self
            .headers
            .keys()
            .filter(|name| mask.apply(name.as_str().as_bytes()).is_some())
            .cloned()
            .collect();
        for name in named {
            self.headers.remove(name);
        }
        for value in self.headers.values_mut() {
            if let Some(masked) = mask.apply(value.as_bytes()) {
                *value =
                    HeaderValue::from_bytes(&masked).unwrap_or(HeaderValue::from_static("***"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&'static str, &'static str)], body: &'static str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let mask = Mask::of("canary-key");
        let mut answer = Answer::new(StatusCode::OK, map, Bytes::from_static(body.as_bytes()));
        answer.hide(&mask.unwrap());
        answer
    }

    #[test]
    fn headers_that_can_not_be_sent_are_refused() {
        caller_header("Accept", "text/html").unwrap();
        for (name, value) in [("a b", "x"), ("", "x"), ("x", "a\r\nhost: evil"), ("x", "\0")] {
            assert!(caller_header(name, value).is_err(), "{name}");
        }
    }

    #[test]
    fn cookies_and_headers_of_the_connection_are_not_shown() {
        let shown = answer(
            &[
                ("set-cookie", "session=1"),
                ("connection", "close, X-Hop"),
                ("x-hop", "1"),
                ("keep-alive", "5"),
                ("etag", "e"),
            ],
            "",
        );
        assert_eq!(shown.headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["etag"]);
    }

    #[test]
    fn a_key_that_the_service_repeats_is_masked() {
        let shown = answer(
            &[
                ("x-echo", "Bearer canary-key"),
                ("location", "https://h/?k=CANARY%2dKEY"),
                ("x-canary-key", "1"),
            ],
            r#"{"authorization":"Bearer canary-key","twice":"canary-keycanary-key"}"#,
        );
        assert_eq!(shown.body, r#"{"authorization":"Bearer ***","twice":"******"}"#);
        assert_eq!(shown.headers["x-echo"], "Bearer ***");
        assert_eq!(shown.headers["location"], "https://h/?k=***");
        assert_eq!(shown.headers.len(), 2);
    }

    #[test]
    fn json_is_told_by_its_content_type() {
        for (kind, json) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("application/problem+JSON", true),
            ("text/html", false),
            ("application/jsonlines", false),
        ] {
            assert_eq!(answer(&[("content-type", kind)], "").says_json(), json, "{kind}");
        }
    }
}
