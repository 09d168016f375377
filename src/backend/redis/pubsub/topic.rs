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
    pub(super) fn subscribe(self) -> &'static [u8] {
        match self {
            Self::Channel => b"SUBSCRIBE",
            Self::Pattern => b"PSUBSCRIBE",
            Self::Shard => b"SSUBSCRIBE",
        }
    }

    pub(super) fn unsubscribe(self) -> &'static [u8] {
        match self {
            Self::Channel => b"UNSUBSCRIBE",
            Self::Pattern => b"PUNSUBSCRIBE",
            Self::Shard => b"SUNSUBSCRIBE",
        }
    }
}
