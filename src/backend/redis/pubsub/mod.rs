//! Pub/sub: one connection to the server for all subscribers of a user.
//!
//! A user's [`Hub`](hub::Hub) knows who wants what. Each [`Topic`] is subscribed once on the server, however many
//! want it, and unsubscribed when the last of them leaves. A `link` keeps the connection: it is
//! made with the first topic, made again when it is lost, and closed with the last. In a cluster
//! one link to any node serves channels and patterns, since every node hears all of them, and
//! sharded channels have a link to each node that owns some.
//!
//! These connections come on top of the client's pool: one for each user ([`Hubs`]), and in a cluster
//! one more per node with sharded channels. What is read is encoded once per message and offered to each subscriber's
//! outbox; a link never waits for a reader.

mod account;
mod channels;
mod event;
mod hub;
mod hubs;
mod link;
mod notice;
mod roam;
mod state;
mod subscriber;

use bytes::Bytes;

pub(crate) use account::{MAX_TOPICS, too_many};
pub use channels::{ChannelsRequest, Published};
pub(super) use hubs::Hubs;
pub use subscriber::Subscriber;

/// What is subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic {
    /// A channel or a pattern of such.
    pub kind: Kind,
    /// Its name.
    pub name: Bytes,
}

/// The kinds of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `SUBSCRIBE`
    Channel,
    /// `PSUBSCRIBE`
    Pattern,
    /// `SSUBSCRIBE`: a channel that lives in one slot of a cluster.
    Shard,
}

impl Kind {
    fn subscribe(self) -> &'static [u8] {
        match self {
            Self::Channel => b"SUBSCRIBE",
            Self::Pattern => b"PSUBSCRIBE",
            Self::Shard => b"SSUBSCRIBE",
        }
    }

    fn unsubscribe(self) -> &'static [u8] {
        match self {
            Self::Channel => b"UNSUBSCRIBE",
            Self::Pattern => b"PUNSUBSCRIBE",
            Self::Shard => b"SUNSUBSCRIBE",
        }
    }
}
