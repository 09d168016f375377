//! `POST /bun/{scope}/request`.

use std::collections::BTreeMap;

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::ServiceAnswer;
use crate::backend::http::{Request, caller_header};
use crate::error::{Code, Error, Result};
use crate::json::Base64;
use crate::permission::Permission;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::params::timeout;
use crate::request::reply::Reply;

/// A request to the service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestInput {
    /// HTTP method, `GET` when left out. `GET` and `HEAD` need read permission, others write; where the
    /// connection lists `reader_paths`, other paths need write permission too.
    #[serde(default)]
    method: RequestMethod,
    /// Path below the base URL; may carry a query.
    #[serde(default)]
    path: String,
    /// More query parameters: text, number, boolean, or a list of these. `null` is left out.
    #[serde(default)]
    query: BTreeMap<String, Value>,
    /// Headers about the content, such as `Accept`, `Content-Type` or `If-Match`, and those that the
    /// connection lists as `request_headers`; others are refused.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Text is sent as it is, `{ "$binary": { "base64": "…" } }` as bytes, anything else as JSON.
    #[serde(default)]
    #[schemars(with = "Option<Value>")]
    body: Option<Box<RawValue>>,
    /// Milliseconds the request may take at most.
    timeout_ms: Option<u64>,
}

/// The methods that can be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum RequestMethod {
    #[default]
    #[serde(alias = "get")]
    Get,
    #[serde(alias = "head")]
    Head,
    #[serde(alias = "post")]
    Post,
    #[serde(alias = "put")]
    Put,
    #[serde(alias = "patch")]
    Patch,
    #[serde(alias = "delete")]
    Delete,
    #[serde(alias = "options")]
    Options,
}

impl RequestMethod {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Head => Method::HEAD,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
            Self::Options => Method::OPTIONS,
        }
    }
}

pub(super) async fn request(
    cx: &Context,
    input: RequestInput,
) -> Result<Reply<ServiceAnswer<'static>>> {
    let deadline = match timeout(input.timeout_ms)? {
        Some(timeout) => cx.deadline.or_after(timeout),
        None => cx.deadline,
    };
    let request = input.request()?;
    let effect = if request.only_reads() { Effect::Reads } else { Effect::Writes };
    if effect == Effect::Writes {
        cx.require(Permission::Write)?;
    }
    cx.will(effect, cx.operation.cost).await?;
    if cx.granted < Permission::Write && !cx.http().await?.is_for_readers(&request)? {
        return Err(Error::new(
            Code::PermissionDenied,
            "this path needs write permission: it is not among those that the connection lists for \
             readers (`reader_paths`)",
        ));
    }
    let answer = super::send(cx, request, deadline).await?;
    Reply::of(&(&answer).into())
}

impl RequestInput {
    fn request(self) -> Result<Request> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let (name, value) = caller_header(name, value)?;
            headers.append(name, value);
        }
        let mut query = Vec::new();
        for (name, value) in self.query {
            query_values(&mut query, &name, &value)?;
        }
        let body = match self.body {
            Some(json) => {
                let (body, content_type) = body(&json)?;
                if let Some(content_type) = content_type {
                    headers.entry(CONTENT_TYPE).or_insert(content_type);
                }
                body
            }
            None => Bytes::new(),
        };
        let (method, path) = (self.method.method(), self.path);
        Ok(Request { method, query, headers, body, ..Request::get(&path) })
    }
}

fn query_values(query: &mut Vec<(String, String)>, name: &str, value: &Value) -> Result<()> {
    let text = match value {
        Value::Null => return Ok(()),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) if items.iter().all(|item| !item.is_array()) => {
            return items.iter().try_for_each(|item| query_values(query, name, item));
        }
        _ => {
            return Err(Error::validation(format!(
                "`query.{name}`: expected text, a number, true, false, or a list of these"
            )));
        }
    };
    query.push((name.to_owned(), text));
    Ok(())
}

/// What is sent for a body, and the content type that goes with it.
fn body(json: &RawValue) -> Result<(Bytes, Option<HeaderValue>)> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Binary {
        #[serde(rename = "$binary")]
        binary: Base64,
    }

    let text = json.get();
    if text == "null" {
        return Ok((Bytes::new(), None));
    }
    if text.starts_with('"') {
        let plain: String = serde_json::from_str(text)
            .map_err(|_| Error::validation("`body`: the text holds half of a surrogate pair"))?;
        return Ok((plain.into(), Some(HeaderValue::from_static("text/plain; charset=utf-8"))));
    }
    if let Ok(Binary { binary }) = serde_json::from_str(text) {
        let bytes = binary
            .bytes()
            .ok_or_else(|| Error::validation("`body.$binary.base64` is not Base64"))?;
        return Ok((bytes.into(), Some(HeaderValue::from_static("application/octet-stream"))));
    }
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    Ok((bytes, Some(HeaderValue::from_static("application/json"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Request> {
        let input: RequestInput = serde_json::from_str(json).unwrap();
        input.request()
    }

    #[test]
    fn json_is_sent_digit_for_digit() {
        let request =
            read(r#"{"method":"POST","path":"a","body":{"n":12345678901234567890.10}}"#).unwrap();
        assert_eq!(request.body, r#"{"n":12345678901234567890.10}"#);
        assert_eq!(request.headers[CONTENT_TYPE], "application/json");
        assert!(!request.only_reads());
    }

    #[test]
    fn text_and_bytes_are_sent_as_they_are() {
        let request = read(r#"{"method":"put","body":"a\nb"}"#).unwrap();
        assert_eq!(request.body, "a\nb");
        let request = read(
            r#"{"method":"PUT","body":{"$binary":{"base64":"/wA="}},
                "headers":{"Content-Type":"image/png"}}"#,
        )
        .unwrap();
        assert_eq!(&request.body[..], [0xff, 0]);
        assert_eq!(request.headers[CONTENT_TYPE], "image/png");
        assert!(read(r#"{"body":{"$binary":{"base64":"!"}}}"#).is_err());
        assert!(read(r#"{"body":null}"#).unwrap().body.is_empty());
    }

    #[test]
    fn query_values_may_be_lists() {
        let request = read(r#"{"query":{"a":[1,"x",true],"b":null,"c":1.5}}"#).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [pair("a", "1"), pair("a", "x"), pair("a", "true"), pair("c", "1.5")];
        assert_eq!(request.query, expected);
        assert!(read(r#"{"query":{"a":{"b":1}}}"#).is_err());
        assert!(read(r#"{"query":{"a":[[1]]}}"#).is_err());
    }
}
