//! One who subscribes.

use std::collections::HashSet;
use std::sync::Arc;

use super::hub::Hub;
use super::{Kind, Topic, notice};
use crate::error::Result;
use crate::fanout::Outbox;

/// One subscriber; dropping it leaves all of its topics.
#[derive(Debug)]
pub struct Subscriber {
    hub: Arc<Hub>,
    id: u64,
    outbox: Outbox,
    topics: HashSet<Topic>,
}

impl Subscriber {
    pub(super) fn new(hub: Arc<Hub>, id: u64, outbox: Outbox) -> Self {
        Self { hub, id, outbox, topics: HashSet::new() }
    }

    /// Subscribes; the outbox is told when that is done, or why it can't be.
    pub fn subscribe(&mut self, topic: Topic) {
        match self.hub.join(&topic, self.id, &self.outbox) {
            Ok(()) => drop(self.topics.insert(topic)),
            Err(error) => self.outbox.end(error),
        }
    }

    /// Unsubscribes, and says so.
    pub fn unsubscribe(&mut self, topic: &Topic) -> Result<()> {
        self.topics.remove(topic);
        self.hub.leave(topic, self.id);
        self.outbox.tell(&notice::unsubscribed(topic)?);
        Ok(())
    }

    /// Unsubscribes from all topics of a kind, and says so.
    pub fn unsubscribe_all(&mut self, kind: Kind) -> Result<()> {
        let topics: Vec<Topic> =
            self.topics.iter().filter(|topic| topic.kind == kind).cloned().collect();
        topics.iter().try_for_each(|topic| self.unsubscribe(topic))
    }

    /// How many topics it has asked for and not left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.topics.len()
    }

    /// Whether it has asked for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        for topic in &self.topics {
            self.hub.leave(topic, self.id);
        }
    }
}
