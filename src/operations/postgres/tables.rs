//! `GET /tables`: tables in pg-meta's JSON shape.

use schemars::JsonSchema;
use serde::Deserialize;

use super::table::Table;
use crate::backend::postgres::TableFilter;
use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::within;
use crate::request::reply::Reply;

const MAX_LIMIT: u32 = 1000;

/// Which tables, and how much of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TablesInput {
    /// Only tables of these schemas.
    #[serde(default)]
    included_schemas: Vec<String>,
    /// No tables of these schemas; has no effect beside `included_schemas`.
    #[serde(default)]
    excluded_schemas: Vec<String>,
    /// With `information_schema`, `pg_catalog` and `pg_toast`.
    #[serde(default)]
    include_system_schemas: bool,
    /// With the columns of each table.
    #[serde(default = "yes")]
    include_columns: bool,
    /// At most so many tables: 1 to 1000; all of them by default.
    limit: Option<u32>,
    /// Without the first so many.
    #[serde(default)]
    offset: u64,
}

fn yes() -> bool {
    true
}

/// Writes what pg-meta's `/tables` answers.
pub(super) async fn list(cx: &Context, input: TablesInput) -> Result<Reply<Vec<Table>>> {
    let filter = TableFilter {
        included_schemas: input.included_schemas,
        excluded_schemas: input.excluded_schemas,
        include_system_schemas: input.include_system_schemas,
        include_columns: input.include_columns,
        limit: input.limit.map(|limit| within("limit", limit, 1..=MAX_LIMIT)).transpose()?,
        offset: input.offset,
    };
    let client = cx.postgres().await?;
    let mut out = Reply::open();
    let max_bytes = cx.service.config.max_result_bytes;
    client.tables(&filter, max_bytes, cx.request_id.clone(), cx.deadline, &mut out).await?;
    Ok(Reply::close(out))
}
