//! Which channels there are, and sending to one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use futures_util::future::join_all;
use redis::Value;

use super::topic::{Topic, TopicKind};
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::client::Nodes;
use crate::backend::redis::keyspace::cursor;
use crate::backend::redis::servers::node::Node;
use crate::backend::redis::wire::commands::{Commands, Effect};
use crate::backend::redis::wire::{failure, reply};
use crate::deadline::Deadline;
use crate::error::{Code, Error, Result};
use crate::json::Writer;

/// Which channels to list.
#[derive(Debug)]
pub struct ChannelsRequest {
    /// Only those that match.
    pub pattern: Option<Vec<u8>>,
    /// Where the page before ended; `0` is the beginning.
    pub cursor: String,
    /// Channels per page.
    pub count: usize,
}

/// What became of a message.
#[derive(Debug)]
pub struct Published {
    /// How many subscribers it was sent to.
    pub receivers: i64,
    /// They are those of one node; the other nodes of the cluster have passed it on to theirs.
    pub of_one_node: bool,
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
    /// Writes one page of the channels that have subscribers: `{ channels, patterns, total, cursor,
    /// may_be_incomplete, warnings }`.
    ///
    /// The server has no pages of them and names them all, so a page costs it as much as the list.
    pub async fn channels(
        &self,
        request: &ChannelsRequest,
        out: &mut Writer,
        deadline: Deadline,
    ) -> Result<()> {
        let after = decode(&request.cursor)?;
        let nodes = self.every_node();
        let mut survey = self.ask_nodes(&nodes, request.pattern.as_deref(), deadline).await?;
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = survey.channels.range((from, Bound::Unbounded));
        let page: Vec<&Channel> = rest.by_ref().take(request.count).collect();
        let cursor = match (page.last(), rest.next()) {
            (Some(last), Some(_)) => encode(last),
            _ => cursor::END.to_owned(),
        };
        let counts = self.count(&nodes, &page, &mut survey.warnings, deadline).await?;
        let own: HashMap<Topic, usize> = self.hubs.own();

        out.raw(b"{\"channels\":[");
        let mut first = true;
        for channel in page {
            let (name, sharded) = channel;
            let kind = if *sharded { TopicKind::Shard } else { TopicKind::Channel };
            let here = own.get(&Topic { kind, name: name.clone().into() });
            out.comma(&mut first);
            out.raw(b"{\"channel\":");
            out.text_or_bytes(name);
            out.raw(b",\"subscribers\":");
            match counts.get(channel) {
                Some(count) => out.integer(*count),
                None => out.raw(b"null"),
            }
            write_rest(out, false, *sharded, here.copied().unwrap_or_default());
        }
        // The server tells no names of patterns, so these are only the ones that are known here.
        if after.is_none() && request.pattern.is_none() {
            for (topic, here) in own.iter().filter(|(topic, _)| topic.kind == TopicKind::Pattern) {
                out.comma(&mut first);
                out.raw(b"{\"channel\":");
                out.text_or_bytes(&topic.name);
                out.raw(b",\"subscribers\":null");
                write_rest(out, true, false, *here);
            }
        }
        out.raw(b"],\"patterns\":");
        out.integer(survey.patterns);
        out.raw(b",\"total\":");
        out.raw(itoa::Buffer::new().format(survey.channels.len()));
        out.raw(b",\"cursor\":");
        out.string(&cursor);
        out.raw(b",\"may_be_incomplete\":");
        out.boolean(survey.may_be_incomplete);
        out.raw(b",\"warnings\":");
        out.value(&survey.warnings)?;
        out.raw(b"}");
        Ok(())
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
        let receivers = reply::integer(&receivers).ok_or_else(|| failure::unexpected("PUBLISH"))?;
        Ok(Published { receivers, of_one_node: matches!(self.nodes, Nodes::Cluster(_)) })
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
            let mut answers = answers.into_iter();
            let mut next = || answers.next().unwrap_or(Ok(Value::Nil));
            let (channels, shards, patterns) = (next(), next(), next());
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
        match failure::check(names) {
            // What is told is still true; the other nodes may tell more.
            Err(error) if error.code() == Code::PermissionDenied => {
                self.warnings.add("channels", error);
            }
            // Servers before 7.0 have no sharded channels.
            Err(_) if sharded => {}
            Err(error) => return Err(error),
            Ok(names) => {
                let names = reply::elements(names).unwrap_or_default();
                let names = names.iter().filter_map(reply::bytes);
                self.channels.extend(names.map(|name| (name.to_vec(), sharded)));
            }
        }
        Ok(())
    }
}

fn write_rest(out: &mut Writer, pattern: bool, sharded: bool, here: usize) {
    out.raw(b",\"pattern\":");
    out.boolean(pattern);
    out.raw(b",\"sharded\":");
    out.boolean(sharded);
    out.raw(b",\"subscribers_here\":");
    out.raw(itoa::Buffer::new().format(here));
    out.raw(b"}");
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
