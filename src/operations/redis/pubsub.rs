//! Channels: listing, publishing, subscribing.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::input::{Bytes, Encoding};
use crate::backend::redis::pubsub::{
    ChannelsRequest, MAX_TOPICS, Subscriber, Topic, TopicKind, too_many,
};
use crate::error::{Code, Error, Result};
use crate::fanout::Frames;
use crate::request::context::Context;
use crate::request::operation::operations;
use crate::request::reply::Reply;

/// Channels per page.
const MAX_CHANNELS: usize = 1000;
const DEFAULT_CHANNELS: usize = 100;

operations! {
    /// The channels that have subscribers, and how many.
    "redis.pubsub.channels" GET "/redis/{scope}/pubsub/channels" Connection(Redis) Read 2 => channels;
    /// Sends a message to a channel.
    "redis.pubsub.publish" POST "/redis/{scope}/pubsub/publish" Connection(Redis) Write 1 => publish;
    /// Messages of channels as they are published.
    "redis.pubsub.subscribe" GET "/redis/{scope}/pubsub/subscribe" Connection(Redis) Read 5 gives socket(crate::request::answer::Undeclared, crate::request::answer::Undeclared) => subscribe;
}

/// Which channels.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelsInput {
    /// Only channels that this glob pattern matches.
    pattern: Option<Bytes>,
    /// How `pattern` is spelt.
    #[serde(default)]
    encoding: Encoding,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Channels per page, 1 to 1000; default 100.
    limit: Option<usize>,
}

/// `{ channels: [{ channel, subscribers, pattern, sharded, subscribers_here }], patterns, total,
/// cursor, may_be_incomplete, warnings }`; the last page has cursor `"0"`.
///
/// All `subscribers_here` of one user, those of this process, share one connection and are one of the
/// server's `subscribers`. In a cluster the numbers are summed over its nodes.
async fn channels(cx: &Context, input: ChannelsInput) -> Result<Reply> {
    let count = input.limit.unwrap_or(DEFAULT_CHANNELS);
    if count == 0 {
        return Err(Error::validation("`limit` is at least 1"));
    }
    if count > MAX_CHANNELS {
        let message = format!("`limit` is at most {MAX_CHANNELS}");
        return Err(Error::new(Code::PayloadTooLarge, message));
    }
    let request = ChannelsRequest {
        pattern: input.pattern.map(|pattern| pattern.decode(input.encoding)).transpose()?,
        cursor: input.cursor.unwrap_or_else(|| "0".to_owned()),
        count,
    };
    let client = cx.redis().await?;
    let mut out = Reply::open();
    client.channels(&request, &mut out, cx.deadline).await?;
    Ok(Reply::close(out))
}

/// A message and where it goes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishInput {
    /// The channel.
    channel: Bytes,
    /// The message.
    message: Message,
    /// As a sharded channel of a cluster.
    #[serde(default)]
    sharded: bool,
}

/// Text, bytes, or any other JSON, whose text is sent.
struct Message(Vec<u8>);

/// What is published is not for logs.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        match serde_json::from_str::<Bytes>(json.get()) {
            Ok(bytes) => Ok(Self(bytes.0)),
            // Half a surrogate pair is no text: its JSON would be published in its place.
            Err(error) if json.get().starts_with('"') => Err(de::Error::custom(error)),
            Err(_) => Ok(Self(json.get().as_bytes().to_vec())),
        }
    }
}

impl JsonSchema for Message {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Message".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Text, { \"$binary\": { \"base64\": … } }, or any JSON, whose text is sent.",
        })
    }
}

/// `{ subscribers_reached, counted_on }`. In a cluster the message reaches the subscribers of all
/// nodes and only those of the node that took it are counted: then `counted_on` is `node`, else
/// `server`.
async fn publish(cx: &Context, input: PublishInput) -> Result<Reply> {
    let PublishInput { channel, message, sharded } = input;
    let client = cx.redis().await?;
    let published = client.publish(&channel.0, &message.0, sharded, cx.deadline).await?;
    Reply::write(|out| {
        out.raw(b"{\"subscribers_reached\":");
        out.integer(published.receivers);
        out.raw(b",\"counted_on\":");
        out.string(if published.of_one_node { "node" } else { "server" });
        out.raw(b"}");
        Ok(())
    })
}

/// What to subscribe to at first. More can be asked for in messages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubscribeInput {
    /// Channels.
    #[serde(default)]
    channels: Vec<Bytes>,
    /// Glob patterns of channels.
    #[serde(default)]
    patterns: Vec<Bytes>,
    /// Sharded channels.
    #[serde(default)]
    shard_channels: Vec<Bytes>,
    /// How all of them are spelt.
    #[serde(default)]
    encoding: Encoding,
}

/// A message of the client: `{ "type": "subscribe", "channels": ["a"] }`. To unsubscribe from none
/// in particular is to unsubscribe from all of the kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    #[serde(rename = "type")]
    verb: Verb,
    #[serde(default, alias = "patterns")]
    channels: Vec<Bytes>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verb {
    Subscribe,
    Unsubscribe,
    Psubscribe,
    Punsubscribe,
    Ssubscribe,
    Sunsubscribe,
}

/// Messages `{ type: "message", channel, pattern?, sharded?, data }`, and what is to be known about
/// them: `subscribed` and `unsubscribed`; `error` where one topic was refused or a request made no
/// sense; `disconnected` while the server can't be heard; `gap` where messages were or may have been
/// missed, with how many were `dropped` if that is known, and the `reason`: `slow_reader`,
/// `reconnected` or `too_large`. A user has at most 100 patterns and 10,000 channels on a connection.
async fn subscribe(cx: &Context, input: SubscribeInput) -> Result<Reply> {
    let SubscribeInput { channels, patterns, shard_channels, encoding } = input;
    let kinds = [
        (TopicKind::Channel, channels),
        (TopicKind::Pattern, patterns),
        (TopicKind::Shard, shard_channels),
    ];
    let mut wanted: Vec<Topic> = Vec::new();
    for (kind, names) in kinds {
        let names: Result<Vec<Bytes>> =
            names.into_iter().map(|name| name.decode(encoding).map(Bytes)).collect();
        wanted.extend(topics(kind, names?));
    }
    let topics = wanted;
    if topics.len() > MAX_TOPICS {
        return Err(too_many());
    }
    let client = cx.redis().await?;
    Reply::subscription(cx, move |cx, session| {
        Box::pin(async move {
            let outbox = session.outbox().clone();
            let user = cx.user.as_ref().map(|user| user.id.as_str());
            let mut subscriber = client.subscriber(user, outbox.clone());
            subscriber.admit(0)?;
            subscriber.subscribe(topics)?;
            loop {
                let request = session.request().await;
                if let Err(error) = obey(&mut subscriber, &request) {
                    outbox.tell(&refusal(&error)?);
                }
            }
        })
    })
}

fn obey(subscriber: &mut Subscriber, request: &[u8]) -> Result<()> {
    subscriber.admit(request.len())?;
    let Request { verb, channels } = serde_json::from_slice(request).map_err(|e| {
        Error::validation(format!("a message is {{ \"type\": …, \"channels\": […] }}: {e}"))
    })?;
    let (kind, wanted) = match verb {
        Verb::Subscribe => (TopicKind::Channel, true),
        Verb::Psubscribe => (TopicKind::Pattern, true),
        Verb::Ssubscribe => (TopicKind::Shard, true),
        Verb::Unsubscribe => (TopicKind::Channel, false),
        Verb::Punsubscribe => (TopicKind::Pattern, false),
        Verb::Sunsubscribe => (TopicKind::Shard, false),
    };
    if channels.len() > MAX_TOPICS {
        return Err(too_many());
    }
    let named: Vec<Topic> = topics(kind, channels).collect();
    match (wanted, named.is_empty()) {
        (true, true) => Err(Error::validation("`channels` names what to subscribe to")),
        (false, true) => subscriber.unsubscribe_all(kind),
        (true, false) => subscriber.subscribe(named),
        (false, false) => subscriber.unsubscribe(&named),
    }
}

fn topics(kind: TopicKind, names: Vec<Bytes>) -> impl Iterator<Item = Topic> {
    names.into_iter().map(move |name| Topic { kind, name: name.0.into() })
}

/// `{"type":"error","code":…,"message":…}`
fn refusal(error: &Error) -> Result<Frames> {
    Frames::one(|out| {
        out.raw(b"{\"type\":\"error\",\"code\":");
        out.string(error.code().as_str());
        out.raw(b",\"message\":");
        out.string(error.message());
        out.raw(b"}");
        Ok(())
    })
}
