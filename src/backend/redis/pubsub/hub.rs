//! Who wants what, and where it is subscribed.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;

use super::link::{self, Order};
use super::notice::{self, Notice};
use super::state::{HubState, Link, Signals, Stage, Subscription, TopicState};
use super::topic::{Topic, TopicKind};
use crate::backend::redis::servers::{Cluster, Dialer, slot};
use crate::error::{Code, Error, Result};
use crate::fanout::{Frames, GapReason, Outbox};
use crate::target::Endpoint;

/// All subscriptions that share connections.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) dialer: Arc<Dialer>,
    pub(super) cluster: Option<Arc<Cluster>>,
    pub(super) state: Mutex<HubState>,
}

/// Which connection a topic is subscribed on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Route {
    /// That to the server, or to any node of a cluster.
    Any,
    /// That to the node which owns the slot of a sharded channel.
    Node(Endpoint),
}

impl Hub {
    pub(super) fn new(dialer: Arc<Dialer>, cluster: Option<Arc<Cluster>>) -> Arc<Self> {
        Arc::new(Self { dialer, cluster, state: Mutex::default() })
    }

    /// Another one that shares nothing but the way to the server.
    pub(super) fn beside(&self) -> Arc<Self> {
        Self::new(Arc::clone(&self.dialer), self.cluster.clone())
    }

    /// Tells one subscriber from the others.
    pub(super) fn number(&self) -> u64 {
        self.state.lock().number()
    }

    /// Ends all subscriptions.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        for link in state.links.drain().map(|(_, link)| link) {
            link.task.abort();
        }
        for (_, entry) in state.topics.drain() {
            entry.members.iter().for_each(|member| member.outbox.end(closed()));
        }
    }

    /// Leaves the old primary for the new one.
    pub(super) fn primary_changed(&self) {
        for link in self.state.lock().links.values() {
            link.signals.moved.notify_one();
        }
    }

    /// Connections that are open.
    pub(super) fn open_links(&self) -> usize {
        self.state.lock().links.values().filter(|link| link.connected).count()
    }

    /// Topics of this process, with how many subscribers each has.
    pub(super) fn own(&self) -> Vec<(Topic, usize)> {
        let state = self.state.lock();
        state.topics.iter().map(|(topic, entry)| (topic.clone(), entry.members.len())).collect()
    }

    /// Where a topic is to be subscribed; `None` where that is not known now.
    pub(super) fn route(&self, topic: &Topic) -> Option<Route> {
        match (&self.cluster, topic.kind) {
            (Some(cluster), TopicKind::Shard) => {
                let owner = cluster.map().owner(slot::of(&topic.name)).ok()?.endpoint.clone();
                owner.map(Route::Node)
            }
            _ => Some(Route::Any),
        }
    }

    pub(super) fn join(self: &Arc<Self>, topic: &Topic, id: u64, outbox: &Outbox) -> Result<()> {
        let route = self.route(topic);
        let mut state = self.state.lock();
        if state.closed {
            return Err(closed());
        }
        if let Some(entry) = state.topics.get_mut(topic) {
            let active = entry.stage == Stage::Active;
            if active {
                outbox.tell(&Notice::Subscribed(topic.into()).frames()?);
            }
            if !entry.members.iter().any(|member| member.id == id) {
                let member = Subscription { id, outbox: outbox.clone(), confirmed: active };
                entry.members.push(member);
            }
            return Ok(());
        }
        let member = Subscription { id, outbox: outbox.clone(), confirmed: false };
        let entry =
            TopicState { members: vec![member], route: None, stage: Stage::Wanted, lost: false };
        state.topics.insert(topic.clone(), entry);
        match route {
            Some(route) => self.place(&mut state, topic, route),
            None => self.seek(&mut state),
        }
        Ok(())
    }

    /// Puts a topic on the link of its route, which is made if there is none.
    pub(super) fn place(self: &Arc<Self>, state: &mut HubState, topic: &Topic, route: Route) {
        let link = state.links.entry(route.clone()).or_insert_with(|| {
            let signals = Arc::<Signals>::default();
            let run = link::run(Arc::clone(self), route.clone(), Arc::clone(&signals));
            Link {
                topics: 0,
                changed: Vec::new(),
                signals,
                task: tokio::spawn(run).abort_handle(),
                down: false,
                connected: false,
            }
        });
        link.topics += 1;
        link.changed.push(topic.clone());
        link.signals.news.notify_one();
        if let Some(entry) = state.topics.get_mut(topic) {
            entry.route = Some(route);
        }
    }

    pub(super) fn leave(&self, topic: &Topic, id: u64) {
        let mut state = self.state.lock();
        let Some(entry) = state.topics.get_mut(topic) else { return };
        entry.members.retain(|member| member.id != id);
        if entry.members.is_empty() {
            state.remove(topic);
        }
    }

    /// Takes a link away if nothing is left on it.
    pub(super) fn is_over(&self, route: &Route) -> bool {
        let mut state = self.state.lock();
        let over = state.links.get(route).is_none_or(|link| link.topics == 0);
        if over {
            state.links.remove(route);
        }
        over
    }

    /// A link is connected: all of its topics are to be subscribed.
    pub(super) fn connected(&self, route: &Route) {
        let mut state = self.state.lock();
        let HubState { topics, links, .. } = &mut *state;
        let Some(link) = links.get_mut(route) else { return };
        (link.connected, link.down) = (true, false);
        // What waited already goes first, in the order in which it was asked for.
        let waiting: HashSet<Topic> = link.changed.iter().cloned().collect();
        let placed = topics.iter().filter(|(_, entry)| entry.route.as_ref() == Some(route));
        let placed = placed.map(|(topic, _)| topic).filter(|topic| !waiting.contains(*topic));
        link.changed.extend(placed.cloned());
        link.signals.news.notify_one();
    }

    /// A link could not be made, or was lost. Its subscribers are told once.
    pub(super) fn disconnected(&self, route: &Route, error: &Error) {
        let mut state = self.state.lock();
        let HubState { topics, links, .. } = &mut *state;
        let Some(link) = links.get_mut(route) else { return };
        let told = std::mem::replace(&mut link.down, true);
        link.connected = false;
        let notice = Notice::Disconnected(error.clone().into()).frames();
        let mut seen = HashSet::new();
        for entry in topics.values_mut().filter(|entry| entry.route.as_ref() == Some(route)) {
            entry.lost |= entry.stage == Stage::Active;
            entry.stage = Stage::Wanted;
            if let (false, Ok(notice)) = (told, &notice) {
                let members = entry.members.iter().filter(|member| seen.insert(member.id));
                members.for_each(|member| member.outbox.tell(notice));
            }
        }
    }

    /// A link can't be made at all: its subscribers are ended.
    pub(super) fn fail(&self, route: &Route, error: &Error) {
        let mut state = self.state.lock();
        state.links.remove(route);
        let failed = state.topics.extract_if(|_, entry| entry.route.as_ref() == Some(route));
        for (_, entry) in failed {
            entry.members.iter().for_each(|member| member.outbox.end(error.clone()));
        }
    }

    /// What the server is to be told on a link.
    pub(super) fn orders(&self, route: &Route) -> Vec<Order> {
        let mut state = self.state.lock();
        let Some(link) = state.links.get_mut(route) else { return Vec::new() };
        let changed = std::mem::take(&mut link.changed);
        let mut orders = Vec::with_capacity(changed.len());
        for topic in changed {
            let number = state.number();
            match state.topics.get_mut(&topic) {
                None => orders.push(Order::Unsubscribe(topic)),
                Some(entry)
                    if entry.route.as_ref() == Some(route) && entry.stage == Stage::Wanted =>
                {
                    entry.stage = Stage::Asked(number);
                    orders.push(Order::Subscribe(topic, number));
                }
                Some(_) => {}
            }
        }
        orders
    }

    /// The server has subscribed to a topic.
    pub(super) fn subscribed(&self, topic: &Topic, question: u64) -> Result<()> {
        let mut state = self.state.lock();
        let Some(entry) = state.asked(topic, question) else { return Ok(()) };
        entry.stage = Stage::Active;
        let lost = std::mem::take(&mut entry.lost);
        let subscribed = Notice::Subscribed(topic.into()).frames()?;
        let gap = notice::gap(topic, None, GapReason::Reconnected)?;
        for member in &mut entry.members {
            if !std::mem::replace(&mut member.confirmed, true) {
                member.outbox.tell(&subscribed);
            } else if lost {
                member.outbox.tell(&gap);
            }
        }
        state.unrest = 0;
        Ok(())
    }

    /// The server will not subscribe to a topic.
    pub(super) fn refused(&self, topic: &Topic, question: u64, error: &Error) -> Result<()> {
        let mut state = self.state.lock();
        let Some(entry) = state.asked(topic, question) else { return Ok(()) };
        let notice = notice::refused(Some(topic), error)?;
        entry.members.iter().for_each(|member| member.outbox.tell(&notice));
        // Nothing is subscribed, so nothing is to be unsubscribed.
        entry.stage = Stage::Wanted;
        state.remove(topic);
        Ok(())
    }

    /// A message was larger than what is read.
    pub(super) fn skipped(&self, topic: &Topic) -> Result<()> {
        let gap = notice::gap(topic, Some(1), GapReason::TooLarge)?;
        self.deliver(topic, &gap);
        Ok(())
    }

    /// Hands messages to subscribers.
    pub(super) fn deliver(&self, topic: &Topic, frames: &Frames) {
        if let Some(entry) = self.state.lock().topics.get(topic) {
            entry.members.iter().for_each(|member| member.outbox.offer(frames));
        }
    }
}

fn closed() -> Error {
    let message = "the connection was changed or closed meanwhile; subscribe again";
    Error::new(Code::DbConnectionFailed, message)
}
