//! A hub for each user, so that what one of them hears costs nobody else anything.
//!
//! A server closes a connection that it can't send fast enough, with all that is subscribed on it. Of
//! the connections that subscribe there are at most as many as of the others: users beyond that
//! share one, as do callers without a user.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::account::Account;
use super::hub::Hub;
use super::subscriber::Subscriber;
use super::topic::Topic;
use crate::backend::redis::servers::{Cluster, Dialer};
use crate::fanout::Outbox;

/// The hubs of one client.
#[derive(Debug)]
pub(crate) struct Hubs {
    common: Arc<Hub>,
    /// How many users may have one of their own.
    most: usize,
    users: Mutex<Users>,
}

#[derive(Debug, Default)]
struct Users {
    known: HashMap<String, Known>,
    closed: bool,
}

/// What is remembered of a user. Who leaves and comes back has spent what they had spent.
#[derive(Debug, Default)]
struct Known {
    audience: Weak<Audience>,
    account: Arc<Account>,
}

/// What a user's subscribers share.
#[derive(Debug)]
pub(super) struct Audience {
    pub(super) hub: Arc<Hub>,
    pub(super) account: Arc<Account>,
}

impl Hubs {
    pub(crate) fn new(dialer: Arc<Dialer>, cluster: Option<Arc<Cluster>>, most: u32) -> Arc<Self> {
        let common = Hub::new(dialer, cluster);
        Arc::new(Self { common, most: most as usize, users: Mutex::default() })
    }

    /// One more subscriber, who reads from `outbox`.
    pub(crate) fn subscriber(&self, user: Option<&str>, outbox: Outbox) -> Subscriber {
        let audience = match user {
            Some(user) => self.of(user),
            None => Arc::new(Audience { hub: Arc::clone(&self.common), account: Arc::default() }),
        };
        Subscriber::new(audience, outbox)
    }

    /// What the user's subscribers share, as long as there are any.
    fn of(&self, user: &str) -> Arc<Audience> {
        let mut users = self.users.lock();
        if let Some(audience) = users.known.get(user).and_then(|known| known.audience.upgrade()) {
            return audience;
        }
        let is_here = |known: &Known| known.audience.strong_count() > 0;
        users.known.retain(|_, known| is_here(known) || !known.account.is_settled());
        let hub = if self.own_hubs(&users).count() < self.most {
            self.common.beside()
        } else {
            Arc::clone(&self.common)
        };
        if users.closed {
            hub.close();
        }
        let known = users.known.entry(user.to_owned()).or_default();
        let audience = Arc::new(Audience { hub, account: Arc::clone(&known.account) });
        known.audience = Arc::downgrade(&audience);
        audience
    }

    fn own_hubs(&self, users: &Users) -> impl Iterator<Item = Arc<Hub>> {
        let live = users.known.values().filter_map(|known| known.audience.upgrade());
        let hubs = live.map(|audience| Arc::clone(&audience.hub));
        hubs.filter(|hub| !Arc::ptr_eq(hub, &self.common))
    }

    /// All hubs that anybody has.
    fn all(&self) -> Vec<Arc<Hub>> {
        let own = self.own_hubs(&self.users.lock()).collect::<Vec<_>>();
        own.into_iter().chain([Arc::clone(&self.common)]).collect()
    }

    /// Ends all subscriptions.
    pub(crate) fn close(&self) {
        self.users.lock().closed = true;
        self.all().iter().for_each(|hub| hub.close());
    }

    /// Leaves the old primary for the new one.
    pub(crate) fn primary_changed(&self) {
        self.all().iter().for_each(|hub| hub.primary_changed());
    }

    /// Connections that are open.
    pub(crate) fn open_links(&self) -> usize {
        self.all().iter().map(|hub| hub.open_links()).sum()
    }

    /// Topics of this process, with how many subscribers each has.
    pub(super) fn own(&self) -> HashMap<Topic, usize> {
        let mut own = HashMap::new();
        for (topic, subscribers) in self.all().iter().flat_map(|hub| hub.own()) {
            *own.entry(topic).or_default() += subscribers;
        }
        own
    }
}
