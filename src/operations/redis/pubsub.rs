//! Channels: listing, publishing, subscribing.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::input::{Bytes, Encoding};
use crate::backend::redis::pubsub::{
    ChannelPage, ChannelsRequest, MAX_TOPICS, Notice, Published, Subscriber, Topic, TopicKind,
    refused, too_many,
};
use crate::error::{Error, Result};
use crate::request::context::Context;
use crate::request::operation::operations;
use crate::request::params::up_to;
use crate::request::reply::Reply;

/// Channels per page.
const MAX_CHANNELS: usize = 1000;
const DEFAULT_CHANNELS: usize = 100;

operations! {
    /// The channels that have subscribers, and how many.
    ///
    /// Of a cluster, those of all its nodes.
    "redis.pubsub.channels" GET "/redis/{scope}/pubsub/channels" Connection(Redis) Read 2 => channels;
    /// Sends a message to a channel.
    ///
    /// It is sent once: one whose answer is lost may have been delivered.
    "redis.pubsub.publish" POST "/redis/{scope}/pubsub/publish" Connection(Redis) Write 1 => publish;
    /// Messages of channels as they are published.
    ///
    /// A subscriber has at most 1000 channels and patterns, and a user has 10,000 on a connection, of which
    /// 100 may be patterns.
    "redis.pubsub.subscribe" GET "/redis/{scope}/pubsub/subscribe" Connection(Redis) Read 5
        gives socket(Notice<'static>, SubscriptionRequest) => subscribe;
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

async fn channels(cx: &Context, input: ChannelsInput) -> Result<Reply<ChannelPage>> {
    let count = up_to("limit", input.limit.unwrap_or(DEFAULT_CHANNELS), MAX_CHANNELS)?;
    let request = ChannelsRequest {
        pattern: input.pattern.map(|pattern| pattern.decode(input.encoding)).transpose()?,
        cursor: input.cursor.unwrap_or_else(|| "0".to_owned()),
        count,
    };
    let client = cx.redis().await?;
    Reply::of(&client.channels(&request, cx.deadline).await?)
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

async fn publish(cx: &Context, input: PublishInput) -> Result<Reply<Published>> {
    let PublishInput { channel, message, sharded } = input;
    let client = cx.redis().await?;
    Reply::of(&client.publish(&channel.0, &message.0, sharded, cx.deadline).await?)
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

/// What the client asks for once it is connected.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubscriptionRequest {
    #[serde(rename = "type")]
    verb: SubscriptionVerb,
    /// The channels or patterns. To unsubscribe from none in particular is to unsubscribe from all of the
    /// kind.
    #[serde(default, alias = "patterns")]
    #[schemars(skip_serializing_if = "Vec::is_empty")] // It may be left out.
    channels: Vec<Bytes>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SubscriptionVerb {
    Subscribe,
    Unsubscribe,
    /// To patterns of channels.
    Psubscribe,
    /// From patterns of channels.
    Punsubscribe,
    /// To sharded channels.
    Ssubscribe,
    /// From sharded channels.
    Sunsubscribe,
}

async fn subscribe(cx: &Context, input: SubscribeInput) -> Result<Reply<Notice<'static>>> {
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
                    outbox.tell(&refused(None, &error)?);
                }
            }
        })
    })
}

fn obey(subscriber: &mut Subscriber, request: &[u8]) -> Result<()> {
    subscriber.admit(request.len())?;
    let SubscriptionRequest { verb, channels } = serde_json::from_slice(request).map_err(|e| {
        Error::validation(format!("a message is {{ \"type\": …, \"channels\": […] }}: {e}"))
    })?;
    let (kind, wanted) = match verb {
        SubscriptionVerb::Subscribe => (TopicKind::Channel, true),
        SubscriptionVerb::Psubscribe => (TopicKind::Pattern, true),
        SubscriptionVerb::Ssubscribe => (TopicKind::Shard, true),
        SubscriptionVerb::Unsubscribe => (TopicKind::Channel, false),
        SubscriptionVerb::Punsubscribe => (TopicKind::Pattern, false),
        SubscriptionVerb::Sunsubscribe => (TopicKind::Shard, false),
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
