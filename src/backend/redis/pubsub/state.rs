//! What the hub knows, behind its lock.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::hub::Route;
use super::topic::Topic;
use crate::fanout::Outbox;

#[derive(Debug, Default)]
pub(super) struct HubState {
    pub(super) topics: HashMap<Topic, TopicState>,
    pub(super) links: HashMap<Route, Link>,
    /// Tells members and questions apart.
    pub(super) numbers: u64,
    pub(super) closed: bool,
    /// Sharded channels without a node are being given one.
    pub(super) seeking: bool,
    /// How often in a row no node could be held for a sharded channel.
    pub(super) unrest: u32,
}

#[derive(Debug)]
pub(super) struct TopicState {
    pub(super) members: Vec<Subscription>,
    /// `None` while the owner of a sharded channel is being looked for.
    pub(super) route: Option<Route>,
    pub(super) stage: Stage,
    /// It was subscribed and then was not: messages may have been missed.
    pub(super) lost: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Wanted,
    /// The server was asked, by the question of this number.
    Asked(u64),
    Active,
}

#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: u64,
    pub(super) outbox: Outbox,
    /// Was told that it is subscribed.
    pub(super) confirmed: bool,
}

/// A connection, as the hub sees it.
#[derive(Debug)]
pub(super) struct Link {
    /// Topics that are subscribed on it, or to be.
    pub(super) topics: usize,
    /// Topics of which the server is to be told.
    pub(super) changed: Vec<Topic>,
    pub(super) signals: Arc<Signals>,
    pub(super) task: AbortHandle,
    /// Its subscribers know that it is down.
    pub(super) down: bool,
    pub(super) connected: bool,
}

/// What wakes a link.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// There are topics of which the server is to be told.
    pub(super) news: Notify,
    /// There may be no topics left.
    pub(super) idle: Notify,
    /// Another server is the primary now.
    pub(super) moved: Notify,
}

impl HubState {
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// The topic, if this is the question that it waits for.
    pub(super) fn asked(&mut self, topic: &Topic, question: u64) -> Option<&mut TopicState> {
        self.topics.get_mut(topic).filter(|entry| entry.stage == Stage::Asked(question))
    }

    pub(super) fn remove(&mut self, topic: &Topic) {
        let Some(entry) = self.topics.remove(topic) else { return };
        if let Some(link) = entry.route.as_ref().and_then(|route| self.links.get_mut(route))
            && entry.stage != Stage::Wanted
        {
            link.changed.push(topic.clone());
            link.signals.news.notify_one();
        }
        self.unlink(entry.route.as_ref());
    }

    pub(super) fn unlink(&mut self, route: Option<&Route>) {
        if let Some(link) = route.and_then(|route| self.links.get_mut(route)) {
            link.topics -= 1;
            link.signals.idle.notify_one();
        }
    }
}
