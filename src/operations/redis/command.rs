//! One command of a user's choice.

use std::time::Instant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Bytes;
use crate::backend::redis::console::{self, Answer};
use crate::backend::redis::gate;
use crate::error::{Error, Result};
use crate::json::Object;
use crate::outcome::Outcome;
use crate::permission::Permission;
use crate::request::context::Context;
use crate::request::effect::Effect;
use crate::request::reply::Reply;

/// A command.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandInput {
    /// The command's name and its arguments. Either these or `line`.
    args: Option<Vec<Bytes>>,
    /// The same as one line, with quotes and `\xNN` as `redis-cli` reads them.
    line: Option<String>,
    /// Required of commands that need admin permission: they affect everybody, or cost much.
    #[serde(default)]
    confirm: bool,
    /// In a cluster, where a command without keys goes: a node's id, or `host:port`. Default: any
    /// primary.
    node: Option<String>,
}

/// A command that ran.
#[derive(JsonSchema)]
#[allow(dead_code)] // its reply is written as it is read
pub(super) struct CommandAnswer {
    #[serde(flatten)]
    ran: Ran,
    #[serde(flatten)]
    answer: Answer,
}

#[derive(Serialize, JsonSchema)]
struct Ran {
    /// Its name, with that of a subcommand.
    command: &'static str,
    /// The permission that it needed.
    access: Permission,
    /// How many milliseconds it took.
    ms: f64,
}

pub(super) async fn run(cx: &Context, input: CommandInput) -> Result<Reply<CommandAnswer>> {
    let words = match (input.args, input.line) {
        (Some(args), None) => args.into_iter().map(|arg| arg.0).collect(),
        (None, Some(line)) => console::split(&line)?,
        _ => return Err(Error::validation("give either `args` or `line`")),
    };
    let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let ruling = gate::rule(&args)?;
    let name = ruling.command.name;
    cx.require(ruling.permission)?;
    if ruling.permission == Permission::Admin && !input.confirm {
        let message = format!("{name} affects others or shows what they do; send `confirm: true`");
        return Err(Error::not_allowed(message).detail("confirm", true));
    }
    let effect = match ruling.effect {
        gate::Effect::Read => Effect::Reads,
        gate::Effect::Write => Effect::Writes,
    };
    cx.will(effect, ruling.cost(args.len())).await?;
    let client = cx.redis().await?;
    let started = Instant::now();
    let answer = client.command(&args, &ruling, input.node.as_deref(), cx.deadline).await?;
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    let ms = (ms * 1000.0).round() / 1000.0;
    let mut out = Reply::open();
    let mut object = Object::open(&mut out);
    object.members(&Ran { command: name, access: ruling.permission, ms })?;
    answer.write(&mut object)?;
    object.close();
    let limit = cx.service.config.max_result_bytes;
    if out.len() > limit {
        let message = format!("the reply is larger than {limit} bytes; ask for less of it");
        return Err(Error::too_large(message).outcome(match effect {
            Effect::Reads => Outcome::NotApplied,
            Effect::Writes => Outcome::Applied,
        }));
    }
    Ok(Reply::close(out))
}
