//! Which request headers a caller may set on a request to an HTTP service.
//!
//! What is not on a list is refused: servers take a method, a peer or a length from headers that
//! nobody could list, in spellings that their frameworks fold together.

use serde_json::Value;

use super::options::texts;
use crate::error::{Error, Result};

/// Of use to callers, and about nothing but the content that is asked for.
const ALLOWED: &str = "\
    accept accept-language cache-control content-language content-type idempotency-key if-match \
    if-modified-since if-none-match if-unmodified-since pragma prefer traceparent tracestate \
    x-request-id";

/// Not even a connection may list these: they are ours, they frame the message, name another host,
/// carry credentials, tell of a peer, or turn the method or the path into another after it was checked.
const NEVER: &str = "\
    accept-charset accept-encoding authorization client-ip connection content-encoding \
    content-length content-range cookie cookie2 date expect fastly-client-ip forwarded from host \
    http2-settings if-range keep-alive max-forwards origin proxy proxy-authenticate \
    proxy-authorization proxy-connection range referer te trailer transfer-encoding \
    true-client-ip upgrade via x-client-ip x-cluster-client-ip x-http-method \
    x-http-method-override x-method-override x-original-url x-real-ip x-rewrite-url";

/// Beginnings of more such names.
const NEVER_BEGINS: [&str; 6] =
    ["cf-", "proxy-", "sec-", "x-forwarded", "x-original-", "x-rewrite-"];

/// More headers that a connection lets callers set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallerHeaders(Vec<String>);

impl CallerHeaders {
    /// Reads `["x-tenant"]`, or the same separated by commas.
    pub(super) fn read(value: &Value) -> Result<Self> {
        let names = texts(value).ok_or_else(|| {
            Error::validation("expected a list of header names, such as [\"x-tenant\"]")
        })?;
        let mut read = Vec::new();
        for name in names {
            let name = name.to_ascii_lowercase();
            let is_name = (1..=100).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !is_name {
                return Err(Error::validation(
                    "header names are made of letters, digits and hyphens",
                ));
            }
            if is_never(&name) {
                let message = format!("the header `{name}` is never a caller's");
                return Err(Error::validation(message));
            }
            read.push(name);
        }
        if read.len() > 100 {
            return Err(Error::validation("at most 100 header names are taken"));
        }
        Ok(Self(read))
    }

    /// As it is stored and shown; `None` where it adds nothing.
    pub(super) fn to_text(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join(","))
    }

    /// Whether a caller may set the header, by its name in lower case.
    pub fn allow(&self, name: &str) -> bool {
        has(ALLOWED, name) || (self.0.iter().any(|own| own == name) && !is_never(name))
    }
}

fn has(names: &str, name: &str) -> bool {
    names.split(' ').any(|known| known == name)
}

fn is_never(name: &str) -> bool {
    has(NEVER, name) || NEVER_BEGINS.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_on_no_list_is_refused_in_any_spelling() {
        let own = CallerHeaders::read(&json!(["X-Tenant"])).unwrap();
        for name in ["accept", "content-type", "if-none-match", "x-tenant"] {
            assert!(own.allow(name), "{name}");
        }
        assert!(!CallerHeaders::default().allow("x-tenant"));
        for name in NEVER.split(' ').chain([
            "transfer_encoding",
            "x_http_method_override",
            "x-forwarded-for",
            "x_forwarded_for",
            "x-forwarded",
            "x_tenant",
            "content_type",
            "sec-fetch-site",
            "cf-connecting-ip",
            "",
        ]) {
            assert!(!own.allow(name), "{name}");
        }
        assert!(!ALLOWED.split(' ').any(is_never));
    }

    #[test]
    fn a_connection_can_not_list_what_is_never_a_callers() {
        for name in NEVER.split(' ') {
            let shouted = name.to_uppercase();
            assert!(CallerHeaders::read(&json!([shouted])).is_err(), "{name}");
        }
        for name in ["x_tenant", "a b", "", "x-forwarded-proto", "a:b", "é"] {
            assert!(CallerHeaders::read(&json!([name])).is_err(), "{name}");
        }
        let own = CallerHeaders::read(&json!("x-a, X-B")).unwrap();
        assert_eq!(own.to_text().as_deref(), Some("x-a,x-b"));
    }
}
