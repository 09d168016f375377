//! What subscribers read.

use schemars::JsonSchema;
use serde::Serialize;

use super::topic::{Topic, TopicKind};
use crate::error::{Cause, Error, Result};
use crate::fanout::{Frames, Gap, GapReason};
use crate::json::{Object, TextOrBytes, Writer};

/// What a subscriber reads.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[schemars(rename = "SubscriptionMessage")]
pub enum Notice<'a> {
    /// A message that was published.
    #[allow(dead_code)] // it is written as it is read
    Message {
        /// The channel that it was published to.
        channel: TextOrBytes,
        /// The pattern that it came by.
        #[serde(skip_serializing_if = "Option::is_none")]
        pattern: Option<TextOrBytes>,
        /// Whether it is a sharded channel; not there where it is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        sharded: Option<bool>,
        /// What was published.
        data: TextOrBytes,
    },
    /// From here on messages arrive.
    Subscribed(TopicName<'a>),
    /// No more messages arrive.
    Unsubscribed(TopicName<'a>),
    /// Messages were or may have been missed.
    Gap {
        /// How many, and why.
        #[serde(flatten)]
        gap: Gap,
        /// What they would have come by; not there where it may be anything.
        #[serde(flatten)]
        topic: Option<TopicName<'a>>,
    },
    /// A topic was refused, and is not subscribed; or a request made no sense.
    Error {
        /// Why.
        #[serde(flatten)]
        cause: Cause,
        /// The topic that was refused.
        #[serde(flatten)]
        topic: Option<TopicName<'a>>,
    },
    /// The server can't be heard. It is tried again.
    Disconnected(Cause),
}

/// A channel or a pattern.
#[derive(Serialize, JsonSchema)]
pub struct TopicName<'a> {
    /// Not there for a pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<TextOrBytes<&'a [u8]>>,
    /// Not there for a channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<TextOrBytes<&'a [u8]>>,
    /// Whether it is a sharded channel; not there where it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    sharded: Option<bool>,
}

impl<'a> From<&'a Topic> for TopicName<'a> {
    fn from(Topic { kind, name }: &'a Topic) -> Self {
        let is_pattern = *kind == TopicKind::Pattern;
        let name = TextOrBytes(name.as_ref());
        Self {
            channel: (!is_pattern).then_some(name),
            pattern: is_pattern.then_some(name),
            sharded: (*kind == TopicKind::Shard).then_some(true),
        }
    }
}

impl Notice<'_> {
    pub(super) fn frames(&self) -> Result<Frames> {
        Frames::one(|out| out.value(self))
    }
}

/// A message, and what it came by.
pub(super) fn message(out: &mut Writer, topic: &Topic, channel: &[u8], data: &[u8]) {
    let mut object = Object::open(out);
    object.key("type").string("message");
    object.key("channel").text_or_bytes(channel);
    match topic.kind {
        TopicKind::Channel => {}
        TopicKind::Pattern => object.key("pattern").text_or_bytes(&topic.name),
        TopicKind::Shard => object.key("sharded").boolean(true),
    }
    object.key("data").text_or_bytes(data);
    object.close();
}

/// Messages were or may have been missed.
pub(super) fn gap(topic: &Topic, dropped: Option<u64>, reason: GapReason) -> Result<Frames> {
    Notice::Gap { gap: Gap { dropped, reason }, topic: Some(topic.into()) }.frames()
}

/// The topic is not subscribed; or, without one, a request is not obeyed.
pub(crate) fn refused(topic: Option<&Topic>, error: &Error) -> Result<Frames> {
    Notice::Error { cause: error.clone().into(), topic: topic.map(Into::into) }.frames()
}
