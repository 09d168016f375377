//! One who subscribes.

use std::collections::HashSet;
use std::sync::Arc;

use super::hubs::Audience;
use super::notice::Notice;
use super::topic::{Topic, TopicKind};
use crate::error::Result;
use crate::fanout::Outbox;

/// One subscriber; dropping it leaves all of its topics.
#[derive(Debug)]
pub struct Subscriber {
    audience: Arc<Audience>,
    id: u64,
    outbox: Outbox,
    topics: HashSet<Topic>,
}

impl Subscriber {
    pub(super) fn new(audience: Arc<Audience>, outbox: Outbox) -> Self {
        let id = audience.hub.number();
        Self { audience, id, outbox, topics: HashSet::new() }
    }

    /// Whether its user may ask for anything now, or has asked for too much lately. It is asked before
    /// a request of so many bytes is read.
    pub fn admit(&self, bytes: usize) -> Result<()> {
        self.audience.account.admit(bytes)
    }

    /// Subscribes; the outbox is told when that is done, or why it can't be. Of topics that are more
    /// than its user may have, it subscribes to none.
    pub fn subscribe(&mut self, topics: Vec<Topic>) -> Result<()> {
        self.audience.account.spend(topics.len());
        let new = topics.iter().filter(|topic| !self.topics.contains(*topic));
        let new: HashSet<Topic> = new.cloned().collect();
        self.audience.account.book(self.topics.len(), &new)?;
        self.topics.extend(new);
        for topic in topics {
            if let Err(error) = self.audience.hub.join(&topic, self.id, &self.outbox) {
                self.outbox.end(error);
            }
        }
        Ok(())
    }

    /// Unsubscribes, and says so.
    pub fn unsubscribe(&mut self, topics: &[Topic]) -> Result<()> {
        self.audience.account.spend(topics.len());
        topics.iter().try_for_each(|topic| {
            if self.topics.remove(topic) {
                self.audience.account.strike(topic);
                self.audience.hub.leave(topic, self.id);
            }
            self.outbox.tell(&Notice::Unsubscribed(topic.into()).frames()?);
            Ok(())
        })
    }

    /// Unsubscribes from all topics of a kind, and says so.
    pub fn unsubscribe_all(&mut self, kind: TopicKind) -> Result<()> {
        let of_kind = self.topics.iter().filter(|topic| topic.kind == kind);
        let topics: Vec<Topic> = of_kind.cloned().collect();
        self.unsubscribe(&topics)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        for topic in &self.topics {
            self.audience.account.strike(topic);
            self.audience.hub.leave(topic, self.id);
        }
    }
}
