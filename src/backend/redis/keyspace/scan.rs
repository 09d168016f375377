//! Pages of the keyspace: `SCAN`, and what is told of each key, in one pipeline per page.

use std::collections::HashSet;
use std::sync::Arc;

use redis::Value;
use schemars::JsonSchema;
use serde::Serialize;

use super::filter::Filter;
use super::metadata::{Columns, ListedKey};
use super::walk::{Budget, MAX_WORK, Walk};
use super::{cursor, metadata};
use crate::backend::Warnings;
use crate::backend::redis::Client;
use crate::backend::redis::servers::Node;
use crate::backend::redis::wire::Commands;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::json::{Object, Writer};

/// What a page is asked for.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Which keys.
    pub filter: Filter,
    /// Where to go on: `"0"` at first, then what the last page gave.
    pub cursor: String,
    /// How many keys the page should have. It may have some more, because the server gives whole
    /// buckets, and fewer, because it ends for other reasons too.
    pub count: u32,
    /// What the page may cost besides.
    pub budget: Budget,
    /// What is told of each key.
    pub with: Columns,
}

/// Why looking for keys ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "WalkEndedBy")]
pub(crate) enum EndedBy {
    /// The page is full.
    Keys,
    /// So many keys were examined.
    Examined,
    /// The time was over.
    Time,
    /// There are no more keys.
    Keyspace,
}

/// Keys, and what is told of each.
#[derive(JsonSchema)]
#[allow(dead_code)] // it is written as it is read
pub struct KeyPage {
    /// In no order, each once; there may be none on a page that is not the last.
    keys: Vec<ListedKey>,
    /// Where to go on; `"0"` after the last page.
    cursor: String,
    /// How many keys were examined for this page.
    total_scanned: u64,
    /// Why there are not more keys on it.
    ended_by: EndedBy,
    /// Whether keys may have been missed because they moved between the nodes of the cluster.
    may_be_incomplete: bool,
    /// What could not be told.
    warnings: Warnings,
}

/// The keys of a page.
struct Page {
    keys: Vec<Vec<u8>>,
    examined: u64,
    cursor: String,
    ended_by: EndedBy,
    may_be_incomplete: bool,
    /// The node that all keys are on, if there is one.
    node: Option<Arc<Node>>,
}

impl Client {
    /// Writes a [`KeyPage`].
    pub async fn scan(&self, scan: &Scan, out: &mut Writer, deadline: Deadline) -> Result<()> {
        let page = match scan.filter.literal() {
            Some(key) => Page::of(key),
            None => self.fill(scan, deadline).await?,
        };
        let keys = page.unique();
        let described = self.ask_columns(&keys, scan, page.node.as_ref(), deadline).await?;
        let mut object = Object::open(out);
        let out = object.key("keys");
        out.raw(b"[");
        let mut first = true;
        let mut warnings = Warnings::default();
        let columns = scan.columns();
        for (i, key) in keys.iter().enumerate() {
            let replies = &described[i * columns..(i + 1) * columns];
            metadata::write(out, &mut first, key, scan, replies, &mut warnings);
        }
        out.raw(b"]");
        object.member("cursor", &page.cursor)?;
        object.member("total_scanned", &page.examined)?;
        object.member("ended_by", &page.ended_by)?;
        object.member("may_be_incomplete", &page.may_be_incomplete)?;
        object.member("warnings", &warnings)?;
        object.close();
        Ok(())
    }

    /// Walks until the page has enough, costs enough, or there is no more.
    async fn fill(&self, scan: &Scan, deadline: Deadline) -> Result<Page> {
        // What is found in time must also be described in time.
        let time = deadline.or_after(scan.budget.time.min(deadline.remaining() / 2));
        let wanted = scan.count as usize;
        let mut walk = Walk::begin(self, &scan.filter, &scan.cursor)?;
        let mut keys = Vec::new();
        let mut nodes: Vec<Arc<Node>> = Vec::new();
        let mut work = u64::from(scan.count).max(10);
        let ended_by = loop {
            let (node, found) = walk.step(work.min(scan.budget.examined), deadline).await?;
            keys.extend(found);
            if let Some(node) = node
                && nodes.last().is_none_or(|last| !Arc::ptr_eq(last, &node))
            {
                nodes.push(node);
            }
            if walk.is_over {
                break EndedBy::Keyspace;
            }
            if keys.len() >= wanted {
                break EndedBy::Keys;
            }
            if walk.examined() >= scan.budget.examined {
                break EndedBy::Examined;
            }
            if time.passed() {
                break EndedBy::Time;
            }
            work = next_work(work, wanted - keys.len(), keys.len(), walk.examined());
        };
        Ok(Page {
            keys,
            examined: walk.examined(),
            cursor: walk.cursor(),
            ended_by,
            may_be_incomplete: walk.may_be_incomplete,
            node: if let [only] = nodes.as_slice() { Some(Arc::clone(only)) } else { None },
        })
    }

    /// One pipeline for all keys of a page.
    async fn ask_columns(
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
        let Columns { ttl, size, encoding, .. } = self.with;
        [self.asks_type(), ttl, size, encoding].into_iter().filter(|&asked| asked).count()
    }

    /// Whether the type must be asked for: a filter says it already, unless no `SCAN` applied it.
    pub(super) fn asks_type(&self) -> bool {
        self.filter.literal().is_some() || (self.with.type_name && self.filter.type_name.is_none())
    }
}

impl Page {
    fn of(key: Vec<u8>) -> Self {
        Self {
            keys: vec![key],
            examined: 1,
            cursor: cursor::END.to_owned(),
            ended_by: EndedBy::Keyspace,
            may_be_incomplete: false,
            node: None,
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
