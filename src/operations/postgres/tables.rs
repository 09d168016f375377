//! `GET /tables`: tables in pg-meta's JSON shape.

use super::table::Table;
use crate::backend::postgres::TableFilter;
use crate::error::Result;
use crate::request::context::Context;
use crate::request::params::within;
use crate::request::reply::Reply;

const MAX_LIMIT: u32 = 1000;

/// Writes what pg-meta's `/tables` answers.
pub(super) async fn list(cx: &Context, filter: TableFilter) -> Result<Reply<Vec<Table>>> {
    filter.limit.map(|limit| within("limit", limit, 1..=MAX_LIMIT)).transpose()?;
    let client = cx.postgres().await?;
    let mut out = Reply::open();
    let max_bytes = cx.service.config.max_result_bytes;
    client.tables(&filter, max_bytes, cx.request_id.clone(), cx.deadline, &mut out).await?;
    Ok(Reply::close(out))
}
