//! Imports of any lines into a collection with unique indexes: what is there afterwards and what is told
//! account for every line.

use futures_util::TryStreamExt as _;
use mongodb::bson::{Document, doc};
use mongodb::{Collection, IndexModel};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::api::{Api, api};
use super::duplicates::{refused, told_in};
use super::support::{plain_client, target};
use super::transfer::{done, import};

#[derive(Debug, Clone)]
struct Line {
    id: Option<Value>,
    a: Option<u8>,
    b: u8,
}

fn line() -> impl Strategy<Value = Line> {
    let id = prop_oneof![
        2 => (0_u8..6).prop_map(|id| json!(id)),
        1 => (0_u8..3).prop_map(|id| json!(format!("s{id}"))),
        1 => (0_u8..3).prop_map(|id| json!({ "10": id, "2": 1 })),
    ];
    let field = || 0_u8..5;
    (proptest::option::of(id), proptest::option::of(field()), field()).prop_map(|(id, a, b)| Line {
        id,
        a,
        b,
    })
}

fn text(lines: &[Line]) -> String {
    let line = |(number, line): (usize, &Line)| {
        let mut document = json!({ "line": number + 1, "b": line.b });
        if let Some(id) = &line.id {
            document["_id"] = id.clone();
        }
        if let Some(a) = line.a {
            document["a"] = a.into();
        }
        document.to_string()
    };
    lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// What a collection must hold after an import, and what must be told of it, by the rules alone.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    stored: Vec<usize>,
    refused: Vec<u64>,
    skipped: u64,
    replaced: u64,
}

/// `a` is unique where it is, and so is the pair of `a` and `b`, and `b` alone where it is 4.
fn clash(one: &Line, other: &Line) -> bool {
    (one.a.is_some() && one.a == other.a) || (one.b == 4 && other.b == 4)
}

fn expected(lines: &[Line], policy: &str, in_order: bool) -> Expected {
    let mut all = Expected::default();
    // Of one batch, those with an `_id` to replace go after the others.
    let order: Vec<usize> = match policy {
        "replace" if !in_order => {
            let own = |at: &usize| lines[*at].id.is_some();
            (0..lines.len()).filter(|at| !own(at)).chain((0..lines.len()).filter(own)).collect()
        }
        _ => (0..lines.len()).collect(),
    };
    for at in order {
        let line = &lines[at];
        let id = |other: &usize| line.id.is_some() && lines[*other].id == line.id;
        let same = all.stored.iter().position(id);
        let others = all.stored.iter().filter(|other| !id(other));
        let taken = others.into_iter().any(|other| clash(line, &lines[*other]));
        match (policy, same) {
            ("skip", Some(_)) => all.skipped += 1,
            ("replace", Some(place)) if !taken => {
                all.stored[place] = at;
                all.replaced += 1;
            }
            (_, None) if !taken => all.stored.push(at),
            _ => all.refused.push(at as u64 + 1),
        }
    }
    all.stored.sort_unstable();
    all.refused.sort_unstable();
    all
}

/// A collection with unique values, as `clash` says.
async fn accounted(name: &str) -> Option<(Collection<Document>, Api)> {
    let driver = plain_client(&target()?).await;
    let collection = driver.database("studio_multidb_test").collection::<Document>(name);
    let api = api(name).await?;
    let unique = |keys: Document, partial: Option<Document>| {
        let options = mongodb::options::IndexOptions::builder()
            .unique(true)
            .partial_filter_expression(partial)
            .build();
        IndexModel::builder().keys(keys).options(options).build()
    };
    collection
        .create_index(unique(doc! { "a": 1 }, Some(doc! { "a": { "$exists": true } })))
        .await
        .unwrap();
    collection.create_index(unique(doc! { "b": 1 }, Some(doc! { "b": 4 }))).await.unwrap();
    Some((collection, api))
}

/// The lines of the documents that are there, counted from 0.
async fn lines_of(collection: &Collection<Document>) -> Vec<usize> {
    let stored: Vec<Document> =
        collection.find(doc! {}).await.unwrap().try_collect().await.unwrap();
    let mut lines: Vec<usize> = stored.iter().map(|document| number(document) - 1).collect();
    lines.sort_unstable();
    lines
}

fn runs<S: Strategy>(cases: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    tokio::task::block_in_place(|| TestRunner::new(config).run(cases, test)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_collection_and_the_report_together_account_for_every_line() {
    let Some((collection, api)) = accounted("accounted").await else { return };
    let handle = tokio::runtime::Handle::current();
    let cases = proptest::collection::vec(line(), 1..25);
    runs(&cases, |lines| {
        for policy in ["refuse", "skip", "replace"] {
            let records = handle.block_on(async {
                collection.delete_many(doc! {}).await.unwrap();
                import(&api, &format!("on_conflict={policy}"), text(&lines).as_bytes()).await
            });
            let stored = handle.block_on(lines_of(&collection));
            let counts = done(&records);
            let count = |name: &str| counts[name].as_u64().unwrap();
            let mut seen = Expected {
                stored,
                refused: refused(&records).iter().map(|r| r["number"].as_u64().unwrap()).collect(),
                skipped: count("skipped"),
                replaced: count("replaced"),
            };
            seen.refused.sort_unstable();
            prop_assert_eq!(&seen, &expected(&lines, policy, false), "{}: {:?}", policy, records);
            let told = count("inserted") + count("replaced") + count("skipped") + told_in(counts);
            prop_assert_eq!(told, lines.len() as u64);
            for refused in refused(&records) {
                let index = refused["details"]["index_name"].as_str().unwrap_or_default();
                prop_assert!(["_id_", "a_1", "b_1"].contains(&index), "{}", refused);
            }
        }
        Ok(())
    });
}

/// What stops at each refusal and goes on after it does, and tells, what the rules say of the lines one
/// after the other.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_stops_writes_what_came_before_and_nothing_after() {
    let Some((collection, api)) = accounted("accounted_stops").await else { return };
    let handle = tokio::runtime::Handle::current();
    let cases = (proptest::collection::vec(line(), 1..25), proptest::option::of(0_usize..24));
    runs(&cases, |(lines, broken)| {
        let broken = broken.filter(|at| *at < lines.len());
        let mut texts: Vec<String> = text(&lines).lines().map(str::to_owned).collect();
        if let Some(at) = broken {
            texts[at] = "{\"a\":".to_owned();
        }
        let body = texts.join("\n");
        for policy in ["refuse", "skip", "replace"] {
            let mut seen = Expected::default();
            handle.block_on(async { collection.delete_many(doc! {}).await }).unwrap();
            let mut query = format!("stop_on_error=true&on_conflict={policy}");
            loop {
                let records = handle.block_on(import(&api, &query, body.as_bytes()));
                let last = records.last().unwrap();
                let ended = last["end"].is_object();
                let counts = if ended { &last["end"] } else { &last["error"]["details"]["counts"] };
                let count = |name: &str| counts[name].as_u64().unwrap();
                seen.skipped += count("skipped");
                seen.replaced += count("replaced");
                let stored = handle.block_on(lines_of(&collection));
                let told = refused(&records);
                prop_assert_eq!(told.len(), usize::from(!ended), "{:?}", records);
                seen.refused.extend(told.iter().map(|r| r["number"].as_u64().unwrap()));
                for refused in told {
                    prop_assert_eq!(&refused["outcome"], "not_applied", "{}", refused);
                    let number = usize::try_from(refused["number"].as_u64().unwrap()).unwrap();
                    prop_assert!(stored.iter().all(|at| at + 1 < number), "{:?}", records);
                }
                if ended {
                    seen.stored = stored;
                    break;
                }
                let resume = counts["resume"].as_str().unwrap();
                query = format!("stop_on_error=true&on_conflict={policy}&resume={resume}");
            }
            prop_assert_eq!(&seen, &expected_without(&lines, policy, broken), "{}", policy);
        }
        Ok(())
    });
}

/// The same in their order, where one line can't be read.
fn expected_without(lines: &[Line], policy: &str, broken: Option<usize>) -> Expected {
    let Some(broken) = broken else { return expected(lines, policy, true) };
    let mut readable = lines.to_vec();
    readable.remove(broken);
    let mut all = expected(&readable, policy, true);
    let moved = |at: usize| if at >= broken { at + 1 } else { at };
    all.stored.iter_mut().for_each(|at| *at = moved(*at));
    all.refused.iter_mut().for_each(|at| *at += u64::from(*at > broken as u64));
    all.refused.push(broken as u64 + 1);
    all.refused.sort_unstable();
    all
}

fn number(document: &Document) -> usize {
    usize::try_from(document.get_i32("line").unwrap()).unwrap()
}
