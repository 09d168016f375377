//! The nodes of a cluster, and what is told of all of them together.

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::{CLIENTS, CPU, MEMORY, PERSISTENCE, REPLICATION, SERVER, STATS};
use super::section::{Field, Section};
use super::text::Text;
use super::{Replication, Sections, lists};
use crate::backend::Warnings;
use crate::backend::redis::servers::{NodeName, NodeRole};
use crate::error::{Cause, Code, Result};

/// A node of a cluster.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct NodeInfo {
    #[serde(flatten)]
    pub(super) name: NodeName,
    /// Why nothing is told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<Cause>,
    #[serde(flatten)]
    pub(super) sections: Sections,
}

/// A cluster. A node that can't be reached or denies us takes nothing from what is told of the
/// others; only where none answers is that a failure.
pub(super) fn together(
    names: Vec<NodeName>,
    answers: Vec<Result<Sections>>,
    warnings: &mut Warnings,
) -> Result<(Sections, Vec<NodeInfo>)> {
    let failed = |answer: &Result<Sections>| {
        answer.as_ref().is_err_and(|error| error.code() != Code::PermissionDenied)
    };
    if answers.iter().all(failed)
        && let Some(Err(error)) = answers.first()
    {
        return Err(error.clone());
    }
    let answered = names.into_iter().zip(answers);
    let nodes: Vec<NodeInfo> =
        answered.map(|(name, answer)| node(name, answer, warnings)).collect();
    let primaries: Vec<&Sections> = nodes
        .iter()
        .filter(|node| node.name.role == NodeRole::Master && node.error.is_none())
        .map(|node| &node.sections)
        .collect();
    let all = |fields: &'static [Field], pick: fn(&Sections) -> Option<&Section>| {
        let sections: Vec<&Section> = primaries.iter().filter_map(|info| pick(info)).collect();
        (!sections.is_empty()).then(|| Section::together(fields, &sections))
    };
    let replication = all(REPLICATION, |info| info.replication.as_ref().map(|r| &r.section));
    let together = Sections {
        server: all(SERVER, |info| info.server.as_ref()),
        memory: all(MEMORY, |info| info.memory.as_ref()),
        stats: all(STATS, |info| info.stats.as_ref()),
        clients: all(CLIENTS, |info| info.clients.as_ref()),
        persistence: all(PERSISTENCE, |info| info.persistence.as_ref()),
        replication: replication.map(|section| {
            let replicas = primaries.iter().filter_map(|info| info.replication.as_ref());
            let replicas = replicas.flat_map(|r| r.replicas.iter().cloned()).collect();
            Replication { section, replicas, master: None }
        }),
        cpu: all(CPU, |info| info.cpu.as_ref()),
        keyspace: joined(&primaries, |info| info.keyspace.as_ref(), lists::keyspace_together),
        commands: joined(&primaries, |info| info.commands.as_ref(), lists::commands_together),
        errors: joined(&primaries, |info| info.errors.as_ref(), lists::errors_together),
        modules: primaries.first().and_then(|info| info.modules.clone()),
        raw: Text::default(),
    };
    Ok((together, nodes))
}

fn joined<'i, T: 'i>(
    from: &[&'i Sections],
    pick: fn(&Sections) -> Option<&Vec<T>>,
    join: fn(Box<dyn Iterator<Item = &'i T> + 'i>) -> Vec<T>,
) -> Option<Vec<T>> {
    let lists: Vec<&Vec<T>> = from.iter().filter_map(|info| pick(info)).collect();
    (!lists.is_empty()).then(|| join(Box::new(lists.into_iter().flatten())))
}

fn node(name: NodeName, answer: Result<Sections>, warnings: &mut Warnings) -> NodeInfo {
    let (sections, error) = match answer {
        Ok(sections) => (sections, None),
        Err(error) => {
            warnings.add("nodes", error.clone());
            (Sections::default(), Some(error.into()))
        }
    };
    NodeInfo { name, error, sections }
}
