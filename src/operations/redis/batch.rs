//! Many small commands of one moment in one crossing.

use schemars::JsonSchema;
use serde::Deserialize;

use super::input::Bytes;
use crate::backend::redis::console::batch::{Batch, BatchResult, MAX_COMMANDS};
use crate::error::{Error, Result};
use crate::permission::Permission;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::reply::Reply;

/// The commands.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchInput {
    /// Each `[name, key, …]`: a command about one key that does not block.
    commands: Vec<Vec<Bytes>>,
}

pub(super) async fn run(cx: &Context, input: BatchInput) -> Result<Reply<Vec<BatchResult>>> {
    if input.commands.len() > MAX_COMMANDS {
        return Err(Error::too_large(format!("a batch has at most {MAX_COMMANDS} commands")));
    }
    let may_write = cx.granted >= Permission::Write;
    let mut batch = Batch::default();
    for command in &input.commands {
        let args: Vec<&[u8]> = command.iter().map(|word| word.0.as_slice()).collect();
        batch.push(&args, may_write);
    }
    let effect = if batch.writes() { Effect::Writes } else { Effect::Reads };
    cx.will(effect, batch.cost()).await?;
    let client = cx.redis().await?;
    let mut out = Reply::open();
    client.batch(&batch, &cx.request_id, &mut out, cx.deadline).await?;
    Ok(Reply::close(out))
}
