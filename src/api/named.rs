//! Any operation by its name, with all its input as JSON: names that no URL can carry exactly, or
//! that are longer than one may be.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::operation::{Operation, Takes};
use super::params::Params;
use super::router::by_name;
use crate::error::{Error, Result};
use crate::json;

/// An operation and its input.
pub(super) struct Named {
    pub(super) operation: &'static Operation,
    pub(super) params: Params,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call<'a> {
    operation: String,
    /// With `scope`, and what else stands in the operation's path.
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

impl Named {
    /// Reads the body `{ "operation": "redis.keys.get", "input": { "scope": "default", … } }`.
    pub(super) fn read(body: &[u8], query: &str) -> Result<Self> {
        if !query.is_empty() {
            return Err(Error::validation("give all input in the body, and none in the query"));
        }
        json::refuse_duplicates(body)?;
        let Call { operation, input } = serde_json::from_slice(body).map_err(|e| {
            Error::validation(format!(
                "the body must be {{ \"operation\": …, \"input\": {{ … }} }}: {e}"
            ))
        })?;
        let operation = by_name(&operation).ok_or_else(|| {
            let message = format!("there is no operation {operation:?}; openapi.json has them");
            Error::validation(message)
        })?;
        if operation.takes == Takes::Upload {
            let path = operation.path;
            return Err(Error::validation(format!("an upload goes to its own path, {path}")));
        }
        let mut params = Params::default();
        if let Some(input) = input {
            params.body(input.get().as_bytes())?;
        }
        Ok(Self { operation, params })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_call_is_refused() {
        let refused = |body: &str, query: &str| Named::read(body.as_bytes(), query).is_err();
        assert!(!refused(r#"{"operation":"redis.info"}"#, ""));
        assert!(!refused(r#"{"operation":"redis.info","input":{"scope":"default"}}"#, ""));
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"operation":"redis.nothing"}"#,
            r#"{"operation":"redis.import"}"#,
            r#"{"operation":"redis.info","input":[]}"#,
            r#"{"operation":"redis.info","input":"{}"}"#,
            r#"{"operation":"redis.info","inputs":{}}"#,
            r#"{"operation":"redis.info","operation":"redis.info"}"#,
            r#"{"operation":"redis.info","input":{"scope":"a","scope":"b"}}"#,
        ] {
            assert!(refused(bad, ""), "{bad}");
        }
        assert!(refused(r#"{"operation":"redis.info"}"#, "scope=default"));
    }
}
