//! Pages of the keyspace: `SCAN`, and what is told of each key, in one pipeline per page.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::cluster::Cluster;
use super::commands::{Commands, Effect};
use super::cursor::{self, ClusterCursor};
use super::node::Node;
use super::{Client, Nodes, failure, glob, metadata, reply};
use crate::backend::Warnings;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::json::Writer;

pub use super::metadata::With;

/// Keys that one page examines at most before it is given as it is.
const MAX_EXAMINED: u64 = 100_000;

/// How long one page may take to find its keys.
const TIME_BUDGET: Duration = Duration::from_secs(2);

/// The most work that one `SCAN` call may be asked for; it blocks the server while it runs.
const MAX_WORK: u64 = 5_000;

/// What a page is asked for.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Glob pattern; `None` is every key.
    pub pattern: Option<Vec<u8>>,
    /// Only keys of this type, as `TYPE` names it.
    pub type_name: Option<String>,
    /// Where to go on: `"0"` at first, then what the last page gave.
    pub cursor: String,
    /// How many keys the page should have. It may have some more, because the server gives whole
    /// buckets, and fewer, because it ends for other reasons too.
    pub count: u32,
    /// What is told of each key.
    pub with: With,
}

/// Why a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndedBy {
    Keys,
    Examined,
    Time,
    Keyspace,
}

impl EndedBy {
    fn as_str(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Examined => "examined",
            Self::Time => "time",
            Self::Keyspace => "keyspace",
        }
    }
}

/// A page while it is being filled.
struct Page {
    keys: Vec<Vec<u8>>,
    examined: u64,
    /// When it ends for want of time.
    budget: Deadline,
    cursor: String,
    ended_by: EndedBy,
    may_be_incomplete: bool,
}

impl Client {
    /// Writes one page: `{ keys, cursor, total_scanned, ended_by, may_be_incomplete, warnings }`.
    pub async fn scan(&self, scan: &Scan, out: &mut Writer, deadline: Deadline) -> Result<()> {
        let literal = scan.pattern.as_deref().and_then(glob::literal);
        let mut page = Page::new(deadline.or_after(TIME_BUDGET.min(deadline.remaining() / 2)));
        let node = match (literal, &self.nodes) {
            (Some(key), _) => {
                // A pattern that names one key.
                page.keys.push(key);
                page.examined = 1;
                None
            }
            (None, Nodes::One(node)) => {
                let start = cursor::position(&scan.cursor)?;
                let position = self.scan_node(scan, node, start, &mut page, deadline).await?;
                page.cursor = position.to_string();
                Some(node.clone())
            }
            (None, Nodes::Cluster(cluster)) => {
                self.scan_cluster(scan, cluster, &mut page, deadline).await?
            }
        };
        let keys = page.unique();
        let described = self.describe(&keys, scan, node.as_ref(), deadline).await?;
        out.raw(b"{\"keys\":[");
        let mut first = true;
        let mut warnings = Warnings::default();
        let columns = scan.columns();
        for (i, key) in keys.iter().enumerate() {
            let replies = &described[i * columns..(i + 1) * columns];
            metadata::write(out, &mut first, key, scan, replies, &mut warnings);
        }
        out.raw(b"],\"cursor\":");
        out.string(&page.cursor);
        out.raw(b",\"total_scanned\":");
        out.integer(i64::try_from(page.examined).unwrap_or(i64::MAX));
        out.raw(b",\"ended_by\":");
        out.string(page.ended_by.as_str());
        out.raw(b",\"may_be_incomplete\":");
        out.boolean(page.may_be_incomplete);
        out.raw(b",\"warnings\":");
        out.value(&warnings)?;
        out.raw(b"}");
        Ok(())
    }

    /// Scans the primaries one after the other, in the order of their ids. Returns the node that
    /// all keys are from, if there is one.
    async fn scan_cluster(
        &self,
        scan: &Scan,
        cluster: &Cluster,
        page: &mut Page,
        deadline: Deadline,
    ) -> Result<Option<Arc<Node>>> {
        let resumed = ClusterCursor::decode(&scan.cursor)?;
        let map = cluster.map();
        let fingerprint = resumed.as_ref().map_or(map.fingerprint, |c| c.fingerprint);
        page.may_be_incomplete = fingerprint != map.fingerprint;
        let (from, start) = resumed.map_or((String::new(), 0), |c| (c.node, c.position));
        let mut scanned = Vec::new();
        // The node may be gone; then the scan goes on with the one after it.
        for primary in map.primaries.iter().filter(|primary| primary.id >= from) {
            let mut position = if primary.id == from { start } else { 0 };
            if page.keys.len() < scan.count as usize {
                position = self.scan_node(scan, &primary.node, position, page, deadline).await?;
                scanned.push(&primary.node);
            } else {
                page.ended_by = EndedBy::Keys;
            }
            if page.ended_by != EndedBy::Keyspace {
                let node = primary.id.clone();
                page.cursor = ClusterCursor { fingerprint, node, position }.encode();
                break;
            }
        }
        Ok(if let [only] = scanned.as_slice() { Some(Arc::clone(only)) } else { None })
    }

    /// Scans one node until the page has enough, or that node has no more. Returns the position
    /// and notes why it stopped.
    async fn scan_node(
        &self,
        scan: &Scan,
        node: &Arc<Node>,
        start: u64,
        page: &mut Page,
        deadline: Deadline,
    ) -> Result<u64> {
        let wanted = scan.count as usize;
        let pattern = scan.pattern.as_deref().filter(|p| !glob::matches_all(p));
        let filters = pattern.is_some() || scan.type_name.is_some();
        let mut position = start;
        let (mut examined, mut size) = (0_u64, u64::MAX);
        let mut work = (wanted.saturating_sub(page.keys.len()) as u64).max(10);
        page.ended_by = loop {
            let mut commands = Commands::with_capacity(2);
            push_scan(&mut commands, position, pattern, work, scan.type_name.as_deref());
            // The server does not say how many keys it looked at; with filters, neither do the
            // keys that it gives. `COUNT` says it, but for the end of a small keyspace.
            if filters && size == u64::MAX {
                commands.push(Effect::Read, 0, &[b"DBSIZE"]);
            }
            let mut results = self.run(&commands, Some(node), deadline).await.into_iter();
            let scanned = results.next().unwrap_or(Ok(Value::Nil)).and_then(failure::check)?;
            if let Some(Ok(Value::Int(keys))) = results.next() {
                size = u64::try_from(keys).unwrap_or(0);
            }
            let (next, keys) = scanned_page(scanned)?;
            examined += if filters { work } else { keys.len() as u64 };
            page.keys.extend(keys);
            position = next;
            if position == 0 {
                break EndedBy::Keyspace;
            }
            if page.keys.len() >= wanted {
                break EndedBy::Keys;
            }
            if page.examined + examined.min(size) >= MAX_EXAMINED {
                break EndedBy::Examined;
            }
            if page.budget.passed() {
                break EndedBy::Time;
            }
            work = next_work(work, wanted - page.keys.len(), page.keys.len(), examined);
        };
        page.examined += examined.min(size);
        Ok(position)
    }

    /// One pipeline for all keys of a page.
    async fn describe(
        &self,
        keys: &[&[u8]],
        scan: &Scan,
        node: Option<&Arc<Node>>,
        deadline: Deadline,
    ) -> Result<Vec<Value>> {
        if keys.is_empty() || scan.columns() == 0 {
            return Ok(Vec::new());
        }
        let mut commands = Commands::with_capacity(keys.len() * scan.columns());
        for key in keys {
            metadata::push(&mut commands, key, scan);
        }
        self.run(&commands, node, deadline).await.into_iter().collect()
    }
}

impl Scan {
    /// How many commands describe one key.
    pub(super) fn columns(&self) -> usize {
        let With { ttl, size, encoding, .. } = self.with;
        [self.asks_type(), ttl, size, encoding].into_iter().filter(|&asked| asked).count()
    }

    /// Whether the type must be asked for: a filter says it already, unless no `SCAN` applied it.
    pub(super) fn asks_type(&self) -> bool {
        let literal = self.pattern.as_deref().is_some_and(|p| glob::literal(p).is_some());
        literal || (self.with.type_name && self.type_name.is_none())
    }
}

impl Page {
    fn new(budget: Deadline) -> Self {
        Self {
            keys: Vec::new(),
            examined: 0,
            budget,
            cursor: cursor::END.to_owned(),
            ended_by: EndedBy::Keyspace,
            may_be_incomplete: false,
        }
    }

    /// `SCAN` may give a key twice.
    fn unique(&self) -> Vec<&[u8]> {
        let mut seen = HashSet::with_capacity(self.keys.len());
        self.keys.iter().map(Vec::as_slice).filter(|key| seen.insert(*key)).collect()
    }
}

/// How much work to ask for next, from how much it took to find what was found.
fn next_work(last: u64, missing: usize, found: usize, examined: u64) -> u64 {
    let per_key = (examined / (found as u64 + 1)).max(1);
    (missing as u64).saturating_mul(per_key).clamp(10, (last * 4).clamp(10, MAX_WORK))
}

fn push_scan(
    commands: &mut Commands,
    position: u64,
    pattern: Option<&[u8]>,
    work: u64,
    type_name: Option<&str>,
) {
    let (mut cursor, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
    let mut args: Vec<&[u8]> = vec![b"SCAN", cursor.format(position).as_bytes()];
    if let Some(pattern) = pattern {
        args.extend([b"MATCH", pattern]);
    }
    args.extend([b"COUNT", count.format(work).as_bytes()]);
    if let Some(type_name) = type_name {
        args.extend([b"TYPE", type_name.as_bytes()]);
    }
    commands.push(Effect::Read, 0, &args);
}

/// Takes a reply of `SCAN` apart; `HSCAN` and its kin answer alike.
pub(super) fn scanned(value: Value) -> Option<(u64, Vec<Value>)> {
    let [position, elements] = <[Value; 2]>::try_from(reply::elements(value)?).ok()?;
    let position = std::str::from_utf8(reply::bytes(&position)?).ok()?.parse().ok()?;
    Some((position, reply::elements(elements)?))
}

fn scanned_page(value: Value) -> Result<(u64, Vec<Vec<u8>>)> {
    let unexpected = || -> Error { failure::unexpected("SCAN") };
    let (position, elements) = scanned(value).ok_or_else(unexpected)?;
    let keys = elements
        .into_iter()
        .map(|key| match key {
            Value::BulkString(key) => Ok(key),
            _ => Err(unexpected()),
        })
        .collect::<Result<_>>()?;
    Ok((position, keys))
}
