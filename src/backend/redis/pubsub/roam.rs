//! Sharded channels follow their slots: whatever happens to a node, its topics look for the one that
//! owns them now.

use std::sync::Arc;

use super::hub::{Hub, Route};
use super::link;
use super::state::{HubState, Stage};
use super::topic::Topic;
use crate::deadline::Deadline;

impl Hub {
    /// The topics of a link look for their owners anew, and the link is no more.
    pub(super) fn scatter(self: &Arc<Self>, route: &Route) {
        let mut state = self.state.lock();
        state.links.remove(route);
        for entry in state.topics.values_mut() {
            if entry.route.as_ref() == Some(route) {
                entry.route = None;
            }
        }
        self.seek(&mut state);
    }

    /// One topic looks for its owner anew: its slot is elsewhere now.
    pub(super) fn displace(self: &Arc<Self>, topic: &Topic) {
        let mut state = self.state.lock();
        let Some(entry) = state.topics.get_mut(topic) else { return };
        entry.lost |= entry.stage == Stage::Active;
        entry.stage = Stage::Wanted;
        let left = entry.route.take();
        state.unlink(left.as_ref());
        self.seek(&mut state);
    }

    /// Gives every topic without a route one, as soon as the cluster says which.
    pub(super) fn seek(self: &Arc<Self>, state: &mut HubState) {
        if std::mem::replace(&mut state.seeking, true) {
            return;
        }
        let (hub, unrest) = (Arc::downgrade(self), state.unrest);
        tokio::spawn(async move {
            let mut attempt = unrest;
            loop {
                tokio::time::sleep(link::pause(attempt)).await;
                let Some(hub) = hub.upgrade() else { return };
                if let Some(cluster) = &hub.cluster {
                    let _ = cluster.refresh(Deadline::after(link::REFRESH_TIMEOUT)).await;
                }
                if hub.settle() {
                    return;
                }
                attempt += 1;
            }
        });
    }

    /// Places the topics whose owner is known; `false` if some are left.
    fn settle(self: &Arc<Self>) -> bool {
        let mut state = self.state.lock();
        let homeless = state.topics.iter().filter(|(_, entry)| entry.route.is_none());
        let homeless: Vec<Topic> = homeless.map(|(topic, _)| topic.clone()).collect();
        let mut settled = true;
        for topic in homeless {
            match self.route(&topic) {
                Some(route) => self.place(&mut state, &topic, route),
                None => settled = false,
            }
        }
        state.unrest += 1;
        state.seeking = !settled;
        settled
    }
}
