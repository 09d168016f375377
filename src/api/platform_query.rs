//! One statement on the platform database, for `queryPlatformDatabase`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

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
    let input = Query { query, parameters, max_rows: Some(MAX_ROWS) };
    operate(service, "postgres.query", &input, Direct::Platform).await
}

async fn operate(
    service: &Arc<Service>,
    operation: &str,
    input: &impl Serialize,
    direct: Direct,
) -> Result<Vec<u8>> {
    let caller = Caller { direct: Some(direct), ..Caller::in_process(None) };
    call(service, operation, &encoded(input)?, caller).await?.body.whole()
}

fn encoded(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut writer = Writer::new();
    writer.value(value)?;
    Ok(writer.into_bytes())
}

/// What `postgres.query` and pg-meta are asked. The parameters keep every digit.
#[allow(clippy::struct_field_names)] // The names of the input.
#[derive(Serialize)]
struct Query<'a> {
    query: &'a str,
    parameters: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_rows: Option<u32>,
}

/// What the HTTP backend is asked.
#[derive(Serialize)]
struct Request<'a> {
    method: &'static str,
    path: &'static str,
    body: Query<'a>,
}

/// What is answered within the core.
#[derive(Deserialize, Serialize)]
struct Answered<T> {
    data: T,
}

/// The rows as pg-meta wrote them.
#[derive(Serialize)]
struct Rows<'a> {
    rows: &'a RawValue,
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
    let body = Query { query, parameters, max_rows: None };
    let input = Request { method: "POST", path: "query", body };
    let answered = operate(service, "http.request", &input, Direct::PgMeta).await?;
    let Answered::<Answer<'_>> { data } = serde_json::from_slice(&answered)
        .map_err(|_| Error::internal("pg-meta's answer could not be read"))?;
    if data.status != 200 {
        let told: Value = serde_json::from_str(data.body.get()).unwrap_or_default();
        let message = told["message"].as_str().or(told["error"].as_str()).unwrap_or("no message");
        return Err(Error::new(Code::DbQueryError, format!("pg-meta refused: {message}")));
    }
    encoded(&Answered { data: Rows { rows: data.body } })
}
