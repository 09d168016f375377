//! The settings of a server, without its secrets.

use std::collections::BTreeMap;

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::redact;
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::servers::{NodeName, Which};
use crate::backend::redis::wire::{Commands, Effect, reply};
use crate::deadline::Deadline;
use crate::error::Result;

/// Settings by name.
type Named = BTreeMap<String, String>;

/// What `CONFIG GET` tells.
#[allow(clippy::struct_field_names)] // The names of the answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RedisSettings")]
pub struct Settings {
    /// Values by name; of a cluster, those of its first node; `null` where the user may not know. A secret that is set
    /// is `(redacted)`, one that is not is empty.
    settings: Option<Named>,
    /// The nodes of a cluster, not there without one, with what is set otherwise there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<NodeSettings>,
    warnings: Warnings,
}

/// What is set otherwise at a node.
#[derive(Debug, Serialize, JsonSchema)]
struct NodeSettings {
    #[serde(flatten)]
    name: NodeName,
    /// What `settings` does not say, or says otherwise.
    differing: Named,
}

impl Client {
    /// The settings whose names match a glob pattern.
    pub async fn settings(&self, pattern: &str, deadline: Deadline) -> Result<Settings> {
        let ask = Commands::one(Effect::Read, 0, &[b"CONFIG", b"GET", pattern.as_bytes()]);
        let answers = self.ask_all(Which::All, &["settings"], &ask, deadline).await?;
        let (mut settings, mut nodes) = (None::<Named>, Vec::new());
        for (name, replies) in answers.from {
            let Some(own) = replies.into_iter().next().flatten().map(named) else { continue };
            let first = settings.get_or_insert_with(|| own.clone());
            if let Some(name) = name {
                let differs = |(name, value): &(String, String)| first.get(name) != Some(value);
                nodes.push(NodeSettings {
                    name,
                    differing: own.into_iter().filter(differs).collect(),
                });
            }
        }
        Ok(Settings { settings, nodes, warnings: answers.warnings })
    }
}

fn named(mut reply: Value) -> Named {
    redact::redact("CONFIG GET", &mut reply);
    let flat = reply::elements(reply).unwrap_or_default();
    let pair = |pair: &[Value]| Some((reply::lossy(&pair[0])?, reply::lossy(&pair[1])?));
    flat.chunks_exact(2).filter_map(pair).collect()
}
