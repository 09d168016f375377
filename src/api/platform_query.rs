//! One statement on the platform database, for `queryPlatformDatabase`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::call::call;
use super::dispatch::Caller;
use crate::error::{Code, Error, Result};
use crate::json::Writer;
use crate::registry::direct::Direct;
use crate::service::Service;

/// Callers of this function expect all rows, as pg-meta gives them.
const MAX_ROWS: u32 = 100_000;

/// Runs it; `parameters` is a JSON array. Answers `{"data":{"rows":[…]}}`, and more where the
/// platform database was asked directly.
pub async fn run(service: &Arc<Service>, query: &str, parameters: &str) -> Result<Vec<u8>> {
    let parameters: &RawValue = serde_json::from_str(parameters)
        .map_err(|_| Error::validation("the parameters must be an array"))?;
    if service.config.database_url.is_none() && service.config.pg_meta_url.is_some() {
        return through_pg_meta(service, query, parameters).await;
    }
    let input = json!({ "query": query, "parameters": parameters, "max_rows": MAX_ROWS });
    operate(service, "postgres.query", &input, Direct::Platform).await
}

async fn operate(
    service: &Arc<Service>,
    operation: &str,
    input: &Value,
    direct: Direct,
) -> Result<Vec<u8>> {
    let caller = Caller { direct: Some(direct), ..Caller::in_process(None) };
    call(service, operation, input.to_string().as_bytes(), caller).await?.body.whole()
}

/// What the HTTP backend answers.
#[derive(Deserialize)]
struct Answered<'a> {
    #[serde(borrow)]
    data: Answer<'a>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    status: u16,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// Without a direct address the platform database is pg-meta's own: a request without the header
/// `x-connection-encrypted` goes there.
async fn through_pg_meta(
    service: &Arc<Service>,
    query: &str,
    parameters: &RawValue,
) -> Result<Vec<u8>> {
    let body = json!({ "query": query, "parameters": parameters });
    let input = json!({ "method": "POST", "path": "query", "body": body });
    let answered = operate(service, "http.request", &input, Direct::PgMeta).await?;
    let Answered { data } = serde_json::from_slice(&answered)
        .map_err(|_| Error::internal("pg-meta's answer could not be read"))?;
    if data.status != 200 {
        let told: Value = serde_json::from_str(data.body.get()).unwrap_or_default();
        let message = told["message"].as_str().or(told["error"].as_str()).unwrap_or("no message");
        return Err(Error::new(Code::DbQueryError, format!("pg-meta refused: {message}")));
    }
    let mut writer = Writer::new();
    writer.raw(b"{\"data\":{\"rows\":");
    writer.raw(data.body.get());
    writer.raw(b"}}");
    Ok(writer.into_bytes())
}
