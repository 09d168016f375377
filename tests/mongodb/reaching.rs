//! What reaches a server, whatever is asked of whichever operation: nothing that runs code there.

use std::collections::BTreeSet;
use std::time::Duration;

use mongodb::bson::{Bson, Document, doc};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use studio_multidb::api::http::handle;
use studio_multidb::operations;
use studio_multidb::request::openapi;

use super::api::Api;
use super::fake::{Answer, Fake, cursor};
use crate::fixtures::{Examples, glance};

const CODE: [&str; 6] = ["$where", "$function", "$accumulator", "mapReduce", "mapreduce", "$eval"];

/// Code, in every place that a server would run it at, and something harmless now and then.
fn hostile(random: &mut StdRng) -> Value {
    let function = json!({ "$function": { "body": "function() {}", "args": [], "lang": "js" } });
    let values = [
        json!({ "$where": "sleep(1)" }),
        json!({ "$expr": function }),
        json!({ "a": { "$elemMatch": { "$where": "1" } } }),
        json!({ "$and": [{ "$or": [{ "$nor": [{ "$where": "1" }] }] }] }),
        json!({ "a": function }),
        json!([{ "$match": { "$where": "1" } }]),
        json!([{ "$facet": { "f": [{ "$match": { "$expr": function } }] } }]),
        json!([{ "$group": { "_id": null, "v": { "$accumulator": { "init": "f", "lang": "js" } } } }]),
        json!([{ "$lookup": { "from": "c", "as": "c", "pipeline": [{ "$match": { "$where": "1" } }] } }]),
        json!([{ "$set": { "a": function } }]),
        json!({ "$set": { "a": 1 } }),
        json!({ "$jsonSchema": {}, "$where": "1" }),
        json!({ "a": 1 }),
        json!([{ "$match": { "a": 1 } }]),
        json!("a"),
        json!("{\"$where\":\"1\"}"),
        json!("{}"),
    ];
    values[random.random_range(0..values.len())].clone()
}

/// Names of fields at every depth, but for those of documents that are stored or compared as they are,
/// and for an index that is named by its keys: nothing in these is run.
fn names(command: &Document, found: &mut BTreeSet<String>) {
    for (name, value) in command {
        let is_stored = name == "documents" || (is_change(name) && is_replacement(value));
        if is_stored || name == "hint" || name == "$literal" {
            continue;
        }
        found.insert(name.clone());
        walk(value, found);
    }
}

fn is_change(name: &str) -> bool {
    name == "update" || name == "u"
}

/// A change that begins with no operator is the document itself.
fn is_replacement(change: &Bson) -> bool {
    let first = change.as_document().and_then(|document| document.keys().next());
    first.is_some_and(|name| !name.starts_with('$'))
}

fn walk(value: &Bson, found: &mut BTreeSet<String>) {
    match value {
        Bson::Document(document) => names(document, found),
        Bson::Array(values) => values.iter().for_each(|value| walk(value, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_operation_sends_what_runs_code_on_the_server() {
    let fake = Fake::standalone(|name, _| match name {
        "listCollections" => cursor(0, vec![doc! { "name": "c", "type": "collection" }]),
        "find" | "aggregate" | "listIndexes" => cursor(0, vec![doc! { "_id": 1 }]),
        _ => Answer::Done,
    })
    .await;
    let api = Api::within(Duration::from_secs(5), &fake.url(), "c");
    let document = openapi::document(operations::all());
    let mut random = StdRng::seed_from_u64(11);
    let examples = Examples {
        document: &document,
        leaf: &hostile,
        in_path: &|_| "c".to_owned(),
        file: &|random| format!("{}\n", hostile(random)),
    };
    let (mut asked, mut refused) = (0, 0);
    for operation in examples.operations("mongodb") {
        for _ in 0..60 {
            let answer = handle(&api.service, examples.request(operation, &mut random)).await;
            let status = glance(answer, Duration::from_millis(100)).await;
            asked += 1;
            refused += u32::from(status == 400 || status == 403);
        }
    }
    assert!(asked > 1_000 && refused > 100, "{refused} of {asked}");
    let mut sent = BTreeSet::new();
    for command in fake.all() {
        let mut own = BTreeSet::new();
        names(&command, &mut own);
        assert!(!CODE.into_iter().any(|name| own.contains(name)), "{command}");
        sent.extend(own);
    }
    assert!(sent.contains("filter") && sent.contains("pipeline"), "{sent:?}");
}
