//! Topics: channels, patterns of them, and channels of one slot.

use bytes::Bytes;

/// What is subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Topic {
    /// A channel or a pattern of such.
    pub kind: TopicKind,
    /// Its name.
    pub name: Bytes,
}

/// The kinds of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TopicKind {
    /// `SUBSCRIBE`
    Channel,
    /// `PSUBSCRIBE`
    Pattern,
    /// `SSUBSCRIBE`: a channel that lives in one slot of a cluster.
    Shard,
}

impl TopicKind {
    /// What subscribes to it, and what unsubscribes.
    pub(super) fn commands(self) -> [&'static [u8]; 2] {
        match self {
            Self::Channel => [b"SUBSCRIBE", b"UNSUBSCRIBE"],
            Self::Pattern => [b"PSUBSCRIBE", b"PUNSUBSCRIBE"],
            Self::Shard => [b"SSUBSCRIBE", b"SUNSUBSCRIBE"],
        }
    }
}
