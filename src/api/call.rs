//! Any operation by its name, with all its input as JSON: for the process's own code, and for names that
//! no URL can carry exactly, or that are longer than one may be.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::dispatch::{Caller, execute};
use super::router::by_name;
use crate::error::{Error, Result};
use crate::json;
use crate::request::operation::{Operation, Takes};
use crate::request::params::Params;
use crate::request::reply::Reply;
use crate::service::Service;

/// Runs the operation of that name; `input` is a JSON object, with what stands in the operation's path.
pub async fn call(
    service: &Arc<Service>,
    operation: &str,
    input: &[u8],
    caller: Caller,
) -> Result<Reply> {
    let Named { operation, params } = Named::of(operation, input)?;
    execute(service, operation, params, caller).await
}

/// An operation and its input.
pub(super) struct Named {
    pub(super) operation: &'static Operation,
    pub(super) params: Params,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call<'a> {
    operation: String,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

impl Named {
    fn of(operation: &str, input: &[u8]) -> Result<Self> {
        let operation = by_name(operation).ok_or_else(|| {
            let message = format!("there is no operation {operation:?}; openapi.json has them");
            Error::validation(message)
        })?;
        let mut params = Params::default();
        params.body(input)?;
        Ok(Self { operation, params })
    }

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
        let named = Self::of(&operation, input.map_or(b"{}", |input| input.get().as_bytes()))?;
        if named.operation.takes == Takes::Upload {
            let path = named.operation.path;
            return Err(Error::validation(format!("an upload goes to its own path, {path}")));
        }
        Ok(named)
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
