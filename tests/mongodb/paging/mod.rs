//! Pages that begin where another one ended visit every document once, in the server's order.

mod cursors;
mod items;
mod walks;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use studio_multidb::backend::mongodb::{Client, Namespace, Order, Position, Query};
use studio_multidb::ejson::Mode;
use studio_multidb::json::Writer;

use crate::fixtures::soon;

/// The ids of one page, and the position after it.
async fn page(
    client: &Client,
    namespace: &Namespace,
    query: Query,
    order: &Order,
    from: Option<&Position>,
) -> (Vec<Value>, Option<Position>) {
    let mut writer = Writer::new();
    let call = client.call(soon(), "page");
    let page = call.find_page(namespace, query, order, from, Mode::Canonical, &mut writer);
    let (_, position) = page.await.unwrap();
    let text = String::from_utf8(writer.into_bytes()).unwrap();
    let documents: Vec<Value> = serde_json::from_str(&format!("[{text}]")).unwrap();
    (documents.into_iter().map(|document| document["_id"].clone()).collect(), position)
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    for _ in 0..cases {
        let tree = strategy.new_tree(&mut runner).unwrap();
        test(proptest::strategy::ValueTree::current(&tree));
    }
}
