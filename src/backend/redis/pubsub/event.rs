//! What a server says on a connection that subscribes. RESP3 pushes and RESP2 arrays say the same.

use bytes::Bytes;
use redis::{ServerError, Value};

use super::topic::{Topic, TopicKind};
use crate::backend::redis::wire::reply;

/// One thing that was said.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    /// A message that came by a topic.
    Message {
        topic: Topic,
        channel: Bytes,
        data: Bytes,
    },
    /// A message came by a topic that is larger than what is read.
    TooLarge(Topic),
    Subscribed(Topic),
    Unsubscribed(Topic),
    Refused(ServerError),
    /// An answer to a ping, or something that is of no interest.
    Other,
}

impl Event {
    pub(super) fn of(value: Value) -> Self {
        match value {
            Value::ServerError(error) => Self::Refused(error),
            Value::Array(parts) => {
                let skipped = matches!(parts.last(), Some(Value::Nil));
                match Self::of_parts(parts) {
                    Self::Message { topic, .. } if skipped => Self::TooLarge(topic),
                    event => event,
                }
            }
            _ => Self::Other,
        }
    }

    fn of_parts(parts: Vec<Value>) -> Self {
        let mut parts = parts.into_iter();
        let word = parts.next();
        let mut next = || match parts.next() {
            Some(Value::BulkString(bytes)) => Bytes::from(bytes),
            Some(other) => Bytes::copy_from_slice(reply::bytes(&other).unwrap_or_default()),
            None => Bytes::new(),
        };
        let mut topic = |kind| Topic { kind, name: next() };
        match word.as_ref().and_then(reply::bytes) {
            Some(b"message") => Self::message(topic(TopicKind::Channel), next()),
            Some(b"smessage") => Self::message(topic(TopicKind::Shard), next()),
            Some(b"pmessage") => {
                let topic = topic(TopicKind::Pattern);
                let channel = next();
                Self::Message { topic, channel, data: next() }
            }
            Some(b"subscribe") => Self::Subscribed(topic(TopicKind::Channel)),
            Some(b"psubscribe") => Self::Subscribed(topic(TopicKind::Pattern)),
            Some(b"ssubscribe") => Self::Subscribed(topic(TopicKind::Shard)),
            Some(b"unsubscribe") => Self::Unsubscribed(topic(TopicKind::Channel)),
            Some(b"punsubscribe") => Self::Unsubscribed(topic(TopicKind::Pattern)),
            Some(b"sunsubscribe") => Self::Unsubscribed(topic(TopicKind::Shard)),
            _ => Self::Other,
        }
    }

    fn message(topic: Topic, data: Bytes) -> Self {
        Self::Message { channel: topic.name.clone(), topic, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::wire::resp::Decoder;
    use bytes::BytesMut;

    /// What is heard where the bytes come one by one.
    fn heard(text: &str) -> Event {
        let wire = text.replace(' ', "\r\n") + "\r\n";
        let (mut decoder, mut input) = (Decoder::listening(12), BytesMut::new());
        for byte in wire.bytes() {
            input.extend_from_slice(&[byte]);
            if let Some(value) = decoder.decode(&mut input).unwrap() {
                return Event::of(value);
            }
        }
        panic!("nothing was heard of {text}")
    }

    fn topic(kind: TopicKind, name: &'static str) -> Topic {
        Topic { kind, name: name.into() }
    }

    #[test]
    fn pushes_and_arrays_say_the_same() {
        for sign in ['>', '*'] {
            let message = heard(&format!("{sign}3 $7 message $1 c $2 hi"));
            let expected = Event::Message {
                topic: topic(TopicKind::Channel, "c"),
                channel: "c".into(),
                data: "hi".into(),
            };
            assert_eq!(message, expected);
            let message = heard(&format!("{sign}4 $8 pmessage $2 c* $2 c1 $2 hi"));
            let expected = Event::Message {
                topic: topic(TopicKind::Pattern, "c*"),
                channel: "c1".into(),
                data: "hi".into(),
            };
            assert_eq!(message, expected);
            let gone = heard(&format!("{sign}3 $12 sunsubscribe $1 c :0"));
            assert_eq!(gone, Event::Unsubscribed(topic(TopicKind::Shard, "c")));
        }
        assert_eq!(heard("*2 $4 pong $0 "), Event::Other);
        assert_eq!(heard("+PONG"), Event::Other);
    }

    #[test]
    fn a_message_that_is_too_large_to_be_read_is_told_of_its_topic() {
        let message = heard(">3 $7 message $1 c $13 1234567890123");
        assert_eq!(message, Event::TooLarge(topic(TopicKind::Channel, "c")));
        let message = heard("*4 $8 pmessage $2 c* $2 c1 $13 1234567890123");
        assert_eq!(message, Event::TooLarge(topic(TopicKind::Pattern, "c*")));
    }

    #[test]
    fn nonsense_is_passed_over() {
        for text in ["*0", "*1 :1", "*1 $7 message", "~1 $1 a", "_", ":5"] {
            let _ = heard(text);
        }
    }
}
