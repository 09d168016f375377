//! What a service answered, as our answer holds it.

use std::collections::BTreeMap;

use hyper::header::HeaderValue;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::backend::http::Answer;
use crate::json::TextOrBytes;

/// What a service answered.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ServiceAnswer<'a> {
    /// The HTTP status, whichever it was.
    status: u16,
    /// Header values by name; one that came several times is joined by commas.
    headers: BTreeMap<&'a str, TextOrBytes>,
    /// The service's own JSON, byte for byte, where it is JSON by type and by content; else text, or its
    /// bytes; `null` where there is none.
    #[schemars(with = "serde_json::Value")]
    body: Option<ServiceBody<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ServiceBody<'a> {
    Json(&'a RawValue),
    Other(TextOrBytes<&'a [u8]>),
}

impl<'a> From<&'a Answer> for ServiceAnswer<'a> {
    fn from(answer: &'a Answer) -> Self {
        let headers = answer.headers.keys().map(|name| {
            let values = answer.headers.get_all(name).iter().map(HeaderValue::as_bytes);
            let value = values.collect::<Vec<_>>().join(b", ".as_slice());
            (name.as_str(), TextOrBytes(value))
        });
        let json = answer.says_json().then(|| serde_json::from_slice(&answer.body).ok());
        let body = (!answer.body.is_empty()).then(|| match json.flatten() {
            Some(json) => ServiceBody::Json(json),
            None => ServiceBody::Other(TextOrBytes(&answer.body)),
        });
        Self { status: answer.status.as_u16(), headers: headers.collect(), body }
    }
}
