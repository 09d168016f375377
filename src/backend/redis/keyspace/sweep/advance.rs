//! The next keys of a sweep, wherever their slots are by now.

use std::collections::HashSet;
use std::sync::Arc;

use redis::Value;

use super::{Found, Leg, Station, Sweep};
use crate::backend::redis::Client;
use crate::backend::redis::client::Nodes;
use crate::backend::redis::keyspace::filter::Filter;
use crate::backend::redis::keyspace::walk::{page, push_scan};
use crate::backend::redis::run::{exactly, may_run_later, pause};
use crate::backend::redis::servers::{Holding, Node, SlotSet, push_process, run_id, slot};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::Result;

impl Client {
    /// The next keys, perhaps none; `None` at the end. While servers can't be reached it is tried
    /// again until the deadline; after a failure the sweep can be taken up where it was.
    pub async fn sweep(&self, sweep: &mut Sweep, deadline: Deadline) -> Result<Option<Found>> {
        for round in 0.. {
            match self.sweep_on(sweep, deadline).await {
                Err(error) if may_run_later(&error) => {
                    if let Nodes::Cluster(cluster) = &self.nodes {
                        let _ = cluster.refresh(deadline).await;
                    }
                    if deadline.run(tokio::time::sleep(pause(round))).await.is_none() {
                        return Err(error);
                    }
                }
                swept => return swept,
            }
        }
        Ok(None)
    }

    async fn sweep_on(&self, sweep: &mut Sweep, deadline: Deadline) -> Result<Option<Found>> {
        // What changed before is nothing that moves under the sweep.
        if let Nodes::Cluster(cluster) = &self.nodes
            && !sweep.looked
        {
            cluster.refresh(deadline).await?;
            sweep.looked = true;
        }
        while !sweep.ended {
            let stations = self.stations();
            let Some(leg) = &mut sweep.leg else {
                sweep.set_out(&stations);
                continue;
            };
            let Some(station) = stations.iter().find(|station| station.id == leg.id) else {
                // It is no primary any more. Its slots are some other's, who may come before it.
                sweep.leg = None;
                sweep.after = None;
                continue;
            };
            let stepped = step(self, &sweep.filter, leg, sweep.work, &station.node, deadline).await;
            match stepped {
                Ok(Some(mut found)) => {
                    found.keys.retain(|key| !sweep.swept.contains(slot::of(key)));
                    return Ok(Some(found));
                }
                Ok(None) => {
                    let served = self.served_throughout(leg, &station.node, deadline).await?;
                    sweep.swept.add(&served);
                    sweep.after = sweep.leg.take().map(|leg| leg.id);
                }
                Err(error) => {
                    leg.verified = false;
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    pub(crate) fn stations(&self) -> Vec<Station> {
        match &self.nodes {
            Nodes::One(node) => {
                vec![Station { id: String::new(), node: node.clone(), slots: SlotSet::all() }]
            }
            Nodes::Cluster(cluster) => {
                let map = cluster.map();
                let stations = map.primaries.iter().enumerate().map(|(index, primary)| Station {
                    id: primary.id.clone(),
                    node: primary.node.clone(),
                    slots: map.slots_of(index),
                });
                stations.collect()
            }
        }
    }

    /// The slots that one process served from the beginning of the leg until now.
    async fn served_throughout(
        &self,
        leg: &Leg,
        node: &Arc<Node>,
        deadline: Deadline,
    ) -> Result<SlotSet> {
        let mut ask = Commands::with_capacity(2);
        push_process(&mut ask);
        if let Nodes::Cluster(cluster) = &self.nodes {
            cluster.refresh(deadline).await?;
            Holding::push(&mut ask);
        }
        let mut replies = self.run(&ask, Some(node), deadline).await.into_iter();
        let info = replies.next().unwrap_or(Ok(Value::Nil))?;
        if run_id(&info) != leg.run_id {
            return Ok(SlotSet::none());
        }
        let mut served = leg.slots.clone();
        match self.stations().iter().find(|station| station.id == leg.id) {
            Some(station) => served.keep(&station.slots),
            None => return Ok(SlotSet::none()),
        }
        // What has left a node is known to it before others have heard of it.
        if let Some(held) = replies.next().transpose()?.as_ref().and_then(Holding::read) {
            served.keep(&held.slots);
            served.remove(&held.leaving);
        }
        Ok(served)
    }
}

/// One call of `SCAN`; `None` once there is nothing left to scan.
async fn step(
    client: &Client,
    filter: &Filter,
    leg: &mut Leg,
    work: u64,
    node: &Arc<Node>,
    deadline: Deadline,
) -> Result<Option<Found>> {
    let Some(mut position) = leg.position else { return Ok(None) };
    if !leg.verified {
        let mut ask = Commands::with_capacity(2);
        push_process(&mut ask);
        ask.push(Effect::Read, 0, &[b"DBSIZE"]);
        let [process, size] = exactly(client.run(&ask, Some(node), deadline).await);
        let run_id = run_id(&process?);
        if run_id != leg.run_id {
            position = 0;
            leg.run_id = run_id;
        }
        leg.size = reply::count(&size?);
        leg.verified = true;
    }
    let mut scan = Commands::with_capacity(1);
    push_scan(&mut scan, position, filter.pattern(), work, filter.type_name.as_deref());
    let [scanned] = exactly(client.run(&scan, Some(node), deadline).await);
    let (next, mut keys) = page(failure::check(scanned?)?)?;
    leg.position = Some(next).filter(|&next| next != 0);
    let filters = filter.pattern().is_some() || filter.type_name.is_some();
    let examined = if filters { leg.examine(work) } else { keys.len() as u64 };
    let mut seen = HashSet::with_capacity(keys.len());
    keys.retain(|key| seen.insert(key.clone()));
    let node = node.endpoint.as_ref().map(ToString::to_string);
    Ok(Some(Found { keys, examined, node }))
}
