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
mod topic;

pub(crate) use account::{MAX_TOPICS, too_many};
pub use channels::{ChannelPage, Published};
pub(super) use hubs::Hubs;
pub use notice::Notice;
pub(crate) use notice::refused;
pub use subscriber::Subscriber;
pub use topic::{Topic, TopicKind};
