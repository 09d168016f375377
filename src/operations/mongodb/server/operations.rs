//! `/mongodb/{scope}/operations`.

use mongodb::bson::Bson;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::backend::mongodb::{Cap, Ending, Operations, Watch};
use crate::error::{Error, Result};
use crate::request::context::Context;
use crate::request::params::within;
use crate::request::reply::Reply;

/// Operations in one answer, unless asked otherwise.
const LIMIT: u32 = 100;
const MOST: u32 = 1000;

/// Which operations.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationsListInput {
    /// Also show connections and cursors that do nothing.
    #[serde(default)]
    idle: bool,
    /// Only operations that run for at least so many seconds.
    min_seconds: Option<i64>,
    /// Only operations on this database, or on this collection: `db.coll`.
    ns: Option<String>,
    /// Show the values in commands, such as what a filter looks for. Without, they are `?`. Passwords
    /// and keys are never shown.
    #[serde(default)]
    values: bool,
    /// How many at most; 100 if not given, at most 1000.
    limit: Option<u32>,
}

pub(super) async fn list(cx: &Context, input: OperationsListInput) -> Result<Reply<Operations>> {
    let limit = within("limit", input.limit.unwrap_or(LIMIT), 1..=MOST)?;
    let OperationsListInput { idle, min_seconds: seconds, ns, values, .. } = input;
    let cap = Cap { documents: limit, bytes: cx.service.config.max_result_bytes };
    let client = cx.mongodb().await?;
    let call = client.call(cx.deadline, &cx.request_id);
    Reply::of(&call.operations(&Watch { idle, seconds, ns, values, cap }).await?)
}

/// Which operation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationsKillInput {
    /// Its number, with the shard's name before it in a sharded cluster: `12345`, `shard01:12345`.
    opid: String,
}

pub(super) async fn kill(cx: &Context, input: OperationsKillInput) -> Result<Reply<Ending>> {
    let opid = parse(&input.opid)?;
    let client = cx.mongodb().await?;
    Reply::of(&client.call(cx.deadline, &cx.request_id).end_operation(opid).await?)
}

fn parse(opid: &str) -> Result<Bson> {
    if let Ok(number) = opid.parse::<i64>() {
        return Ok(i32::try_from(number).map_or(Bson::Int64(number), Bson::Int32));
    }
    let of_shard = opid
        .rsplit_once(':')
        .is_some_and(|(shard, number)| !shard.is_empty() && number.parse::<i64>().is_ok());
    if !of_shard {
        return Err(Error::validation(format!("{opid:?} is not the number of an operation")));
    }
    Ok(Bson::from(opid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_operations_are_read_with_and_without_a_shard() {
        assert_eq!(parse("12345").unwrap(), Bson::Int32(12345));
        assert_eq!(parse("-5").unwrap(), Bson::Int32(-5));
        assert_eq!(parse("4294967296").unwrap(), Bson::Int64(4_294_967_296));
        assert_eq!(parse("shard-01:7").unwrap(), Bson::from("shard-01:7"));
        for wrong in ["", "x", "1.5", "shard:", ":7", "shard:x", "{}", "[1]"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
