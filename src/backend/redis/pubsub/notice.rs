//! What subscribers read.

use super::topic::{Topic, TopicKind};
use crate::error::{Error, Result};
use crate::fanout::Frames;
use crate::json::Writer;

/// `{"type":"message","channel":…,"data":…}`, with `pattern` where one matched.
pub(super) fn message(out: &mut Writer, topic: &Topic, channel: &[u8], data: &[u8]) {
    out.raw(b"{\"type\":\"message\",\"channel\":");
    out.text_or_bytes(channel);
    match topic.kind {
        TopicKind::Channel => {}
        TopicKind::Pattern => {
            out.raw(b",\"pattern\":");
            out.text_or_bytes(&topic.name);
        }
        TopicKind::Shard => out.raw(b",\"sharded\":true"),
    }
    out.raw(b",\"data\":");
    out.text_or_bytes(data);
    out.raw(b"}");
}

/// `{"type":"subscribed","channel":…}`: from here on messages arrive.
pub(super) fn subscribed(topic: &Topic) -> Result<Frames> {
    about(topic, b"subscribed", |_| Ok(()))
}

/// `{"type":"unsubscribed","channel":…}`
pub(super) fn unsubscribed(topic: &Topic) -> Result<Frames> {
    about(topic, b"unsubscribed", |_| Ok(()))
}

/// `{"type":"gap","dropped":null,"reason":"reconnected","channel":…}`: messages may have been
/// missed, and nobody knows how many.
pub(super) fn gap(topic: &Topic) -> Result<Frames> {
    about(topic, b"gap", |out| {
        out.raw(b",\"dropped\":null,\"reason\":\"reconnected\"");
        Ok(())
    })
}

/// `{"type":"gap","dropped":1,"reason":"too_large","channel":…}`: a message was not read.
pub(super) fn too_large(topic: &Topic) -> Result<Frames> {
    about(topic, b"gap", |out| {
        out.raw(b",\"dropped\":1,\"reason\":\"too_large\"");
        Ok(())
    })
}

/// `{"type":"error","channel":…,"code":…,"message":…}`: the topic is not subscribed.
pub(super) fn refused(topic: &Topic, error: &Error) -> Result<Frames> {
    about(topic, b"error", |out| cause(out, error))
}

/// `{"type":"disconnected","code":…,"message":…}`: the server can't be heard. It is tried again.
pub(super) fn disconnected(error: &Error) -> Result<Frames> {
    Frames::one(|out| {
        out.raw(b"{\"type\":\"disconnected\"");
        cause(out, error)?;
        out.raw(b"}");
        Ok(())
    })
}

fn cause(out: &mut Writer, error: &Error) -> Result<()> {
    out.raw(b",\"code\":");
    out.value(error.code().as_str())?;
    out.raw(b",\"message\":");
    out.value(error.message())
}

fn about(
    topic: &Topic,
    kind: &[u8],
    more: impl FnOnce(&mut Writer) -> Result<()>,
) -> Result<Frames> {
    Frames::one(|out| {
        out.raw(b"{\"type\":\"");
        out.raw(kind);
        out.raw(match topic.kind {
            TopicKind::Pattern => &b"\",\"pattern\":"[..],
            TopicKind::Channel | TopicKind::Shard => b"\",\"channel\":",
        });
        out.text_or_bytes(&topic.name);
        if topic.kind == TopicKind::Shard {
            out.raw(b",\"sharded\":true");
        }
        more(out)?;
        out.raw(b"}");
        Ok(())
    })
}
