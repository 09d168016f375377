//! `POST /query`: one SQL statement.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::backend::postgres::{Answer, Parameter, Shape, Statement};
use crate::error::Result;
use crate::json::Object;
use crate::permission::Permission;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::params::{timeout, within};
use crate::request::reply::Reply;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_ROWS: u32 = 1000;
const MAX_ROWS: u32 = 100_000;

/// One SQL statement and its limits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QueryInput {
    /// SQL of exactly one statement; `$1`, `$2`, … stand for the parameters.
    query: String,
    /// Values of the parameters. A JSON array is sent as an array, or as JSON where the parameter
    /// is `json`, `jsonb` or text; numbers keep all their digits.
    #[serde(default)]
    #[schemars(with = "Vec<serde_json::Value>")]
    parameters: Vec<Box<RawValue>>,
    /// Only read: the statement must be SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW, and runs in a
    /// read-only transaction that is rolled back. Without it, write permission is needed.
    #[serde(default)]
    read_only: bool,
    /// After how many milliseconds the statement is cancelled: 1 to 600000, by default what the
    /// connection says, else 30000. A request never takes longer than the installation allows.
    timeout_ms: Option<u64>,
    /// Most rows in the answer: 0 to 100000, by default 1000. `truncated` says that there are more.
    max_rows: Option<u32>,
    /// `objects`: rows as `{"column": value}`, as pg-meta answers. `rows`: rows as `[value]`.
    #[serde(default)]
    format: Format,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// `{"column": value}`; of columns that share a name, the last.
    #[default]
    Objects,
    /// `[value]`, in the order of `columns`.
    Rows,
}

/// Runs it.
pub(super) async fn query(cx: &Context, input: QueryInput) -> Result<Reply<Queried>> {
    if !input.read_only {
        cx.require(Permission::Write)?;
    }
    let timeout = timeout(input.timeout_ms)?;
    let max_rows = within("max_rows", input.max_rows.unwrap_or(DEFAULT_ROWS), 0..=MAX_ROWS)?;
    let parameters = input.parameters.into_iter().map(Parameter::from_json);
    let parameters = parameters.collect::<Result<Vec<_>>>()?;
    let effect = if input.read_only { Effect::Reads } else { Effect::Writes };
    cx.will(effect, cx.operation.cost).await?;
    let client = cx.postgres().await?;
    let statement = Statement {
        sql: input.query,
        parameters,
        read_only: input.read_only,
        timeout: timeout.or(client.statement_timeout()).unwrap_or(DEFAULT_TIMEOUT),
        max_rows,
        max_bytes: cx.service.config.max_result_bytes,
        shape: match input.format {
            Format::Objects => Shape::Objects,
            Format::Rows => Shape::Arrays,
        },
        request_id: Some(cx.request_id.clone()),
    };
    let mut out = Reply::open();
    let mut object = Object::open(&mut out);
    let answer = client.query(&statement, cx.deadline, object.key("rows")).await?;
    object.members(&answer)?;
    object.close();
    Ok(Reply::close(out))
}

/// The rows of a statement, and what else is known of it.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub(super) struct Queried {
    /// As `format` says: objects by column, or arrays in the order of `columns`.
    rows: Vec<Row>,
    #[serde(flatten)]
    answer: Answer,
}

/// `{"column": value}`, or `[value]`.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)] // it is written as it is read
enum Row {
    Object(Map<String, Value>),
    Array(Vec<Value>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::params::Params;

    #[test]
    fn parameters_keep_every_digit_on_their_way_in() {
        let mut params = Params::default();
        params
            .body(br#"{"query":"select $1","parameters":[12345678901234567890.10,[1],null]}"#)
            .unwrap();
        let input: QueryInput = params.decode().unwrap();
        let texts: Vec<&str> = input.parameters.iter().map(|p| p.get()).collect();
        assert_eq!(texts, ["12345678901234567890.10", "[1]", "null"]);
        assert!(!input.read_only && input.timeout_ms.is_none());
    }

    #[test]
    fn a_misspelt_member_is_refused() {
        let mut params = Params::default();
        params.body(br#"{"query":"select 1","readonly":true}"#).unwrap();
        assert!(params.decode::<QueryInput>().unwrap_err().message().contains("readonly"));
    }
}
