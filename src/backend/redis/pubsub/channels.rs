//! Which channels there are, and sending to one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use futures_util::future::join_all;
use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::topic::{Topic, TopicKind};
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::client::Nodes;
use crate::backend::redis::keyspace::cursor;
use crate::backend::redis::run::exactly;
use crate::backend::redis::servers::Node;
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::json::TextOrBytes;

/// A page of the channels that have subscribers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChannelPage {
    /// On the first page without a `pattern`, also the patterns that this process subscribes to: the
    /// server tells no names of patterns.
    channels: Vec<ListedChannel>,
    /// How many patterns anybody subscribes to.
    patterns: i64,
    /// How many channels there are on all pages.
    total: usize,
    /// `"0"` after the last page.
    cursor: String,
    /// A node of the cluster could not be asked.
    may_be_incomplete: bool,
    warnings: Warnings,
}

/// A channel, or a pattern of channels, that has subscribers.
#[derive(Debug, Serialize, JsonSchema)]
struct ListedChannel {
    channel: TextOrBytes,
    /// Summed over the nodes of a cluster; `null` for a pattern, and where the user may not know.
    subscribers: Option<i64>,
    pattern: bool,
    sharded: bool,
    /// Subscriptions of this process. Those of one user share a connection, and are one of the server's
    /// `subscribers`.
    subscribers_here: usize,
}

/// What became of a message.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PublishedMessage")]
pub struct Published {
    /// How many subscribers it was sent to.
    subscribers_reached: i64,
    counted_on: CountedOn,
}

/// Whose subscribers were counted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum CountedOn {
    /// Those of the server: all of them.
    Server,
    /// Those of one node; the other nodes of the cluster have passed the message on to theirs.
    Node,
}

/// A channel: its name, and whether it is a sharded one.
type Channel = (Vec<u8>, bool);

/// What the nodes said.
#[derive(Default)]
struct Survey {
    channels: BTreeSet<Channel>,
    patterns: i64,
    warnings: Warnings,
    may_be_incomplete: bool,
}

impl Client {
    /// One page of the channels that have subscribers, of those that match: at most `count`, behind where
    /// `cursor` says that the page before ended; `0` is the beginning.
    ///
    /// The server has no pages of them and names them all, so a page costs it as much as the list.
    pub async fn channels(
        &self,
        pattern: Option<&[u8]>,
        cursor: &str,
        count: usize,
        deadline: Deadline,
    ) -> Result<ChannelPage> {
        let after = decode(cursor)?;
        let nodes = self.every_node();
        let mut survey = self.ask_nodes(&nodes, pattern, deadline).await?;
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = survey.channels.range((from, Bound::Unbounded));
        let page: Vec<&Channel> = rest.by_ref().take(count).collect();
        let cursor = match (page.last(), rest.next()) {
            (Some(last), Some(_)) => encode(last),
            _ => cursor::END.to_owned(),
        };
        let counts = self.count(&nodes, &page, &mut survey.warnings, deadline).await?;
        let own: HashMap<Topic, usize> = self.hubs.own();

        let page = page.into_iter().map(|channel| {
            let (name, sharded) = channel;
            let kind = if *sharded { TopicKind::Shard } else { TopicKind::Channel };
            let here = own.get(&Topic { kind, name: name.clone().into() });
            ListedChannel {
                channel: TextOrBytes(name.clone()),
                subscribers: counts.get(channel).copied(),
                pattern: false,
                sharded: *sharded,
                subscribers_here: here.copied().unwrap_or_default(),
            }
        });
        let mut channels: Vec<_> = page.collect();
        if after.is_none() && pattern.is_none() {
            let patterns = own.iter().filter(|(topic, _)| topic.kind == TopicKind::Pattern);
            channels.extend(patterns.map(|(topic, here)| ListedChannel {
                channel: TextOrBytes(topic.name.to_vec()),
                subscribers: None,
                pattern: true,
                sharded: false,
                subscribers_here: *here,
            }));
        }
        Ok(ChannelPage {
            channels,
            patterns: survey.patterns,
            total: survey.channels.len(),
            cursor,
            may_be_incomplete: survey.may_be_incomplete,
            warnings: survey.warnings,
        })
    }

    /// Publishes a message. It is sent once: one whose answer was lost may have been delivered.
    pub async fn publish(
        &self,
        channel: &[u8],
        message: &[u8],
        sharded: bool,
        deadline: Deadline,
    ) -> Result<Published> {
        let publish = if sharded {
            Commands::one(Effect::Write, 1, &[b"SPUBLISH", channel, message])
        } else {
            Commands::one(Effect::Write, 0, &[b"PUBLISH", channel, message])
        };
        let receivers = self.run_one(&publish, deadline).await?;
        Ok(Published {
            subscribers_reached: reply::integer(&receivers)
                .ok_or_else(|| failure::unexpected("PUBLISH"))?,
            counted_on: match self.nodes {
                Nodes::One(_) => CountedOn::Server,
                Nodes::Cluster(_) => CountedOn::Node,
            },
        })
    }

    /// Subscribers may be connected to any node, replicas too.
    fn every_node(&self) -> Vec<Arc<Node>> {
        match &self.nodes {
            Nodes::One(node) => vec![Arc::clone(node)],
            Nodes::Cluster(cluster) => cluster.map().nodes().cloned().collect(),
        }
    }

    async fn ask_nodes(
        &self,
        nodes: &[Arc<Node>],
        pattern: Option<&[u8]>,
        deadline: Deadline,
    ) -> Result<Survey> {
        let mut ask = Commands::with_capacity(3);
        for list in [b"CHANNELS".as_slice(), b"SHARDCHANNELS"] {
            let words: Vec<&[u8]> = [b"PUBSUB", list].into_iter().chain(pattern).collect();
            ask.push(Effect::Read, 0, &words);
        }
        ask.push(Effect::Read, 0, &[b"PUBSUB", b"NUMPAT"]);
        let asked = nodes.iter().map(|node| self.run(&ask, Some(node), deadline));
        let mut survey = Survey::default();
        for answers in join_all(asked).await {
            let [channels, shards, patterns] = exactly(answers);
            match channels {
                Err(error) if nodes.len() == 1 => return Err(error),
                Err(error) => {
                    survey.may_be_incomplete = true;
                    survey.warnings.add("channels", error);
                    continue;
                }
                Ok(channels) => survey.add(channels, false)?,
            }
            survey.add(shards.unwrap_or(Value::Nil), true)?;
            survey.patterns += patterns.ok().and_then(|n| reply::integer(&n)).unwrap_or_default();
        }
        Ok(survey)
    }

    /// How many subscribers each channel has, over all nodes.
    async fn count(
        &self,
        nodes: &[Arc<Node>],
        page: &[&Channel],
        warnings: &mut Warnings,
        deadline: Deadline,
    ) -> Result<BTreeMap<Channel, i64>> {
        let mut counts = BTreeMap::new();
        for sharded in [false, true] {
            let names = page.iter().filter(|channel| channel.1 == sharded);
            let names: Vec<&[u8]> = names.map(|channel| channel.0.as_slice()).collect();
            if names.is_empty() {
                continue;
            }
            let count: &[u8] = if sharded { b"SHARDNUMSUB" } else { b"NUMSUB" };
            let words: Vec<&[u8]> = [b"PUBSUB", count].into_iter().chain(names).collect();
            let ask = Commands::one(Effect::Read, 0, &words);
            let asked = nodes.iter().map(|node| self.run(&ask, Some(node), deadline));
            for answer in join_all(asked).await.into_iter().flatten() {
                match answer.and_then(failure::check) {
                    Err(error) => warnings.add("subscribers", error),
                    Ok(answer) => {
                        let pairs = reply::elements(answer).unwrap_or_default();
                        for pair in pairs.chunks_exact(2) {
                            let name = reply::bytes(&pair[0]).unwrap_or_default().to_vec();
                            let subscribers = reply::integer(&pair[1]).unwrap_or_default();
                            *counts.entry((name, sharded)).or_default() += subscribers;
                        }
                    }
                }
            }
        }
        Ok(counts)
    }
}

impl Survey {
    fn add(&mut self, names: Value, sharded: bool) -> Result<()> {
        // What one node withholds, the others may tell.
        match self.warnings.unless_denied("channels", failure::check(names)) {
            // Servers before 7.0 have no sharded channels.
            Err(_) if sharded => {}
            Err(error) => return Err(error),
            Ok(names) => {
                let names = names.and_then(reply::elements).unwrap_or_default();
                let names = names.iter().filter_map(reply::bytes);
                self.channels.extend(names.map(|name| (name.to_vec(), sharded)));
            }
        }
        Ok(())
    }
}

/// A page begins after the channel that the page before ended with.
fn encode((name, sharded): &Channel) -> String {
    let mut plain = vec![b'1', if *sharded { b's' } else { b'c' }];
    plain.extend_from_slice(name);
    BASE64.encode(plain)
}

fn decode(cursor: &str) -> Result<Option<Channel>> {
    if cursor == cursor::END {
        return Ok(None);
    }
    match BASE64.decode(cursor).as_deref() {
        Ok([b'1', kind @ (b'c' | b's'), name @ ..]) => Ok(Some((name.to_vec(), *kind == b's'))),
        _ => Err(Error::validation("`cursor` is none that a page ended with")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_keeps_any_name(name: Vec<u8>, sharded: bool) {
            let channel = (name, sharded);
            prop_assert_eq!(decode(&encode(&channel)).unwrap(), Some(channel));
        }

        #[test]
        fn no_cursor_panics(text in ".{0,20}") {
            let _ = decode(&text);
        }
    }
}
