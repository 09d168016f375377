//! The shape of the cluster under test, and who is the primary behind sentinels.

use std::collections::BTreeSet;

use crate::fixtures::eventually;
use crate::support::{Admin, target};

/// A node as `CLUSTER NODES` tells of it.
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) address: String,
    /// Of this primary, for a replica.
    pub(crate) of: Option<String>,
    pub(crate) slots: Vec<(u16, u16)>,
}

pub(crate) async fn nodes(address: &str) -> Vec<Node> {
    let text = Admin::connect(address).await.text(&["CLUSTER", "NODES"]).await;
    let node = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let slots = words[8..].iter().filter(|range| !range.starts_with('['));
        let slots = slots.map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            (first.parse().unwrap(), last.parse().unwrap())
        });
        Node {
            id: words[0].to_owned(),
            address: words[1].split('@').next().unwrap().to_owned(),
            of: (words[3] != "-").then(|| words[3].to_owned()),
            slots: slots.collect(),
        }
    };
    text.lines().map(node).collect()
}

/// Waits until every node knows the same of all.
pub(crate) async fn settle(address: &str) {
    let all: Vec<String> = nodes(address).await.into_iter().map(|node| node.address).collect();
    eventually("the nodes agreeing", async || {
        let mut views = BTreeSet::new();
        for address in &all {
            let mut view: Vec<_> =
                nodes(address).await.into_iter().map(|n| (n.id, n.of, n.slots)).collect();
            view.sort();
            views.insert(view);
        }
        views.len() == 1
    })
    .await;
}

/// The address of the first sentinel.
pub(crate) fn sentinel(url: &str) -> String {
    let endpoint = &target(url).endpoints[0];
    format!("{}:{}", endpoint.host, endpoint.port)
}

/// The primary that a sentinel names.
pub(crate) async fn named(sentinel: &str) -> String {
    let ask = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"];
    let answer = Admin::connect(sentinel).await.all(&ask).await;
    let words: Vec<&str> = answer.lines().collect();
    format!("{}:{}", words[2], words[4])
}
