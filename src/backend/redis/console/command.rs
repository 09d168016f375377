//! One command of a user's choice, as a console sends it.

use redis::Value;
use schemars::JsonSchema;

use super::reply::{self, ConsoleReply};
use super::script;
use crate::backend::redis::Client;
use crate::backend::redis::client::Nodes;
use crate::backend::redis::gate::{Ruling, fence};
use crate::backend::redis::run::exactly;
use crate::backend::redis::server::redact;
use crate::backend::redis::servers::{Member, NodeName, Which, slot};
use crate::backend::redis::wire::{Commands, Effect, failure};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::json::Object;
use crate::permission::Permission;

/// What came back.
#[derive(Debug, JsonSchema)]
pub struct Answer {
    #[schemars(with = "ConsoleReply")]
    reply: Value,
    /// In a cluster, the slot of the command's keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<u16>,
    /// In a cluster, the node that a command without keys ran on.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<NodeName>,
}

impl Answer {
    /// Writes its members.
    pub fn write(&self, out: &mut Object<'_>) -> Result<()> {
        reply::write(out.key("reply"), &self.reply);
        if let Some(slot) = self.slot {
            out.member("slot", &slot)?;
        }
        if let Some(node) = &self.node {
            out.member("node", node)?;
        }
        Ok(())
    }
}

impl Client {
    /// Runs a command that the gate has ruled on. In a cluster it goes where its keys are; one
    /// without keys goes to `node`, a node id or `host:port`, else to any primary.
    pub async fn command(
        &self,
        args: &[&[u8]],
        ruling: &Ruling,
        node: Option<&str>,
        deadline: Deadline,
    ) -> Result<Answer> {
        let slot = self.slot(args, ruling)?;
        let member = match node {
            Some(_) if slot.is_some() => {
                let message = "this command goes where its keys are; `node` is for those without";
                return Err(Error::validation(message));
            }
            Some(node) => Some(self.member(node)?),
            None if slot.is_none() => self.default_member(ruling)?,
            None => None,
        };
        let key = ruling.keys.first();
        let node = match &member {
            Some(member) => member.node.clone(),
            None => self.find_node(key.map(|at| args[at]), deadline).await?,
        };
        let name = ruling.command.name;
        let ran = if script::is_taken_while_busy(name) {
            self.run_while_busy(args, ruling, &node, deadline).await
        } else {
            let fenced = fence::fenced(args, ruling);
            let fenced: Option<Vec<&[u8]>> =
                fenced.as_ref().map(|args| args.iter().map(Vec::as_slice).collect());
            let args = fenced.as_deref().unwrap_or(args);
            let mut commands = Commands::one(ruling.effect, key.unwrap_or(0), args);
            commands.keep_attributes = true;
            commands.is_script = script::is_script(name);
            let on = member.as_ref().map(|member| &member.node);
            let [ran] = exactly(self.run(&commands, on, deadline).await);
            ran
        };
        let at = node.endpoint.as_ref();
        let mut reply = match ran.map_err(|error| script::timed_out(error, name, at))? {
            Value::ServerError(error) => {
                let said = format!("{} {}", error.code(), error.details().unwrap_or_default());
                let mut told = failure::refused(&error);
                if script::is_script(name) {
                    told = script::failed(told, ruling.effect);
                }
                return Err(told.detail("server_message", said));
            }
            reply => reply,
        };
        redact::redact(name, &mut reply);
        Ok(Answer { reply, slot, node: member.and_then(|member| member.name) })
    }

    /// In a cluster, the one slot that the command's keys are in.
    fn slot(&self, args: &[&[u8]], ruling: &Ruling) -> Result<Option<u16>> {
        if matches!(self.nodes, Nodes::One(_)) {
            return Ok(None);
        }
        let mut slots: Vec<u16> = ruling.keys.indices().map(|at| slot::of(args[at])).collect();
        slots.sort_unstable();
        slots.dedup();
        match slots.as_slice() {
            [] => Ok(None),
            [slot] => Ok(Some(*slot)),
            _ => Err(Error::validation(
                "the keys of the command are in several slots of the cluster; those that share a \
                 {tag} in their names share a slot",
            )
            .detail("server_code", "CROSSSLOT")
            .detail("slots", slots)),
        }
    }

    /// Where a command without keys goes. One that changes a node must say which, or it would do a
    /// part of what was meant and look like all of it.
    fn default_member(&self, ruling: &Ruling) -> Result<Option<Member>> {
        let mut members = self.members(Which::Primaries);
        if members.first().is_none_or(|member| member.name.is_none()) {
            return Ok(None);
        }
        if ruling.permission == Permission::Admin && ruling.effect == Effect::Write {
            let names = members.iter().filter_map(|member| member.name.as_ref());
            let nodes: Vec<String> = names.map(|n| format!("{}:{}", n.host, n.port)).collect();
            let name = ruling.command.name;
            let message = format!("{name} changes one node of the cluster; say which with `node`");
            return Err(Error::validation(message).detail("nodes", nodes));
        }
        Ok(Some(members.swap_remove(0)))
    }
}
