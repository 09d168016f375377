//! Explanations of all servers become the same tree.

use mongodb::bson::{Bson, Document, doc};
use serde_json::{Value, json};
use studio_multidb::backend::mongodb::{Engine, Node, Summary, plan, summarize};
use studio_multidb::ejson::parse_value;

use super::api::api;

macro_rules! read {
    ($name:literal) => {
        read(include_str!(concat!("../fixtures/explain/", $name, ".json")))
    };
}

fn read(text: &str) -> (Node, Summary) {
    let Bson::Document(explanation) = parse_value(text).unwrap() else { panic!("a document") };
    let tree = plan(&explanation).expect("it has a plan");
    let summary = summarize(&explanation, Some(&tree));
    (tree, summary)
}

/// The stages from the root down, where each has one child.
fn line(tree: &Node) -> Vec<&str> {
    let mut stages = vec![tree.stage.as_str()];
    let mut node = tree;
    while let [child] = node.children.as_slice() {
        stages.push(&child.stage);
        node = child;
    }
    stages
}

fn codes(summary: &Summary) -> Vec<String> {
    let code = |code| json!(code).as_str().unwrap().to_owned();
    summary.warnings.iter().map(|warning| code(warning.code)).collect()
}

#[test]
fn a_query_of_the_classic_engine_is_a_line_of_stages_with_figures() {
    let (tree, summary) = read!("classic_find_5_0");
    assert_eq!(line(&tree), ["SORT", "FETCH", "IXSCAN"]);
    assert_eq!((tree.returned, tree.ms, tree.used_disk), (Some(12), Some(30), true));
    let fetch = &tree.children[0];
    assert_eq!((fetch.docs_examined, fetch.returned), (Some(4000), Some(12)));
    let scan = &fetch.children[0];
    assert_eq!(scan.index.as_ref().unwrap().name, "status_1");
    assert_eq!(scan.index.as_ref().unwrap().keys, Some(json!({ "status": 1 })));
    assert_eq!(scan.bounds, Some(json!({ "status": ["[\"open\", \"open\"]"] })));
    assert_eq!(scan.direction.as_deref(), Some("forward"));
    assert_eq!(scan.keys_examined, Some(4000));

    assert_eq!(summary.engine, Some(Engine::Classic));
    assert_eq!((summary.returned, summary.docs_examined), (Some(12), Some(4000)));
    assert_eq!((summary.ms, summary.rejected_plans), (Some(31), 1));
    assert_eq!(summary.indexes, ["status_1"]);
    let expected = ["in_memory_sort", "spilled_to_disk", "examined_more_than_returned"];
    assert_eq!(codes(&summary), expected);
}

#[test]
fn what_was_not_run_has_no_figures() {
    let (tree, summary) = read!("classic_collscan_6_0");
    assert_eq!(line(&tree), ["COLLSCAN"]);
    assert_eq!((tree.docs_examined, tree.returned, tree.ms), (None, None, None));
    assert_eq!((summary.returned, summary.docs_examined), (None, None));
    assert_eq!(codes(&summary), ["collection_scan"]);
    assert_eq!(tree.detail.unwrap()["filter"]["note"]["$regex"], "late");
}

#[test]
fn a_stage_may_have_several_children() {
    let (tree, summary) = read!("classic_or_7_0");
    assert_eq!(line(&tree), ["SUBPLAN", "FETCH", "OR"]);
    let or = &tree.children[0].children[0];
    assert_eq!(or.children.len(), 2);
    assert_eq!(or.children[1].direction.as_deref(), Some("backward"));
    assert_eq!(summary.indexes, ["a_1", "b_-1"]);
    assert!(summary.warnings.is_empty());
}

#[test]
fn a_query_that_the_index_answers_is_covered() {
    let (_, summary) = read!("classic_covered_7_0");
    assert!(summary.covered);
    assert!(summary.warnings.is_empty());
    assert!(!read!("classic_find_5_0").1.covered);
}

#[test]
fn the_fast_path_for_single_documents_is_understood() {
    let (tree, summary) = read!("express_8_0");
    assert_eq!(line(&tree), ["EXPRESS_IXSCAN"]);
    assert_eq!(tree.index.as_ref().unwrap().keys, Some(json!("{ number: 1 }")));
    assert_eq!((tree.docs_examined, tree.keys_examined), (Some(1), Some(1)));
    assert_eq!(summary.indexes, ["number_1"]);
}

#[test]
fn a_count_and_a_write_say_how_many_documents_they_are_about() {
    let (tree, summary) = read!("count_7_0");
    assert_eq!(line(&tree), ["COUNT", "COUNT_SCAN"]);
    assert_eq!(summary.returned, Some(4000));
    assert_eq!(tree.children[0].bounds.as_ref().unwrap()["endKeyInclusive"], true);
    assert!(summary.warnings.is_empty(), "{:?}", summary.warnings);
    let (tree, summary) = read!("update_6_0");
    assert_eq!(line(&tree), ["UPDATE", "COLLSCAN"]);
    assert_eq!(summary.returned, Some(3));
    assert_eq!(codes(&summary), ["collection_scan", "examined_more_than_returned"]);
}

#[test]
fn the_slot_based_engine_is_shown_by_the_stages_of_its_plan() {
    let (tree, summary) = read!("sbe_find_7_0");
    assert_eq!(line(&tree), ["LIMIT", "FETCH", "IXSCAN"]);
    assert_eq!(tree.detail.as_ref().unwrap()["limitAmount"], 6);
    let fetch = &tree.children[0];
    assert_eq!((fetch.docs_examined, fetch.keys_examined), (Some(6), None));
    assert_eq!((fetch.returned, fetch.ms), (Some(6), Some(3)));
    let scan = &fetch.children[0];
    // The outermost of its small stages tells what it returned: the filter, not the seek.
    assert_eq!((scan.keys_examined, scan.returned), (Some(479), Some(6)));
    assert_eq!(summary.engine, Some(Engine::Sbe));
    assert_eq!(codes(&summary), ["index_examined_more_than_returned"]);

    let (tree, summary) = read!("sbe_lookup_7_0");
    assert_eq!(line(&tree), ["GROUP", "EQ_LOOKUP", "COLLSCAN"]);
    assert_eq!(codes(&summary), ["lookup_without_index", "collection_scan"]);
}

#[test]
fn a_pipeline_is_a_line_from_its_last_stage_to_the_plan_of_its_query() {
    let (tree, summary) = read!("aggregate_8_0");
    assert_eq!(line(&tree), ["$sort", "$group", "$lookup", "PROJECTION_SIMPLE", "COLLSCAN"]);
    assert_eq!((tree.returned, tree.ms), (Some(50), Some(895)));
    assert!(tree.children[0].used_disk);
    let lookup = &tree.children[0].children[0];
    assert_eq!(lookup.docs_examined, Some(250_000));
    assert_eq!(lookup.detail.as_ref().unwrap()["from"], "customers");
    assert_eq!((summary.returned, summary.ms), (Some(50), Some(900)));
    assert_eq!((summary.docs_examined, summary.keys_examined), (Some(258_000), Some(0)));
    let expected = ["in_memory_sort", "spilled_to_disk", "collection_scan", "lookup_without_index"];
    assert_eq!(codes(&summary), expected);
}

#[test]
fn the_pipeline_inside_a_union_is_a_branch() {
    let (tree, summary) = read!("union_7_0");
    assert_eq!(tree.stage, "$unionWith");
    assert_eq!(tree.children.len(), 2);
    assert_eq!(line(&tree.children[1]), ["FETCH", "IXSCAN"]);
    assert_eq!((summary.docs_examined, summary.keys_examined), (Some(14), Some(4)));
    assert_eq!(summary.indexes, ["year_1"]);
}

#[test]
fn each_shard_is_a_branch() {
    let (tree, summary) = read!("sharded_find_6_0");
    assert_eq!(tree.stage, "SHARD_MERGE");
    assert_eq!((tree.returned, tree.docs_examined), (Some(9), Some(2005)));
    let [a, b] = tree.children.as_slice() else { panic!("two shards") };
    assert_eq!((a.shard.as_deref(), b.shard.as_deref()), (Some("shard-a"), Some("shard-b")));
    assert_eq!(line(a), ["SHARDING_FILTER", "FETCH", "IXSCAN"]);
    assert_eq!((a.returned, b.returned), (Some(5), Some(4)));
    assert_eq!(b.children[0].docs_examined, Some(2000));
    assert_eq!((summary.engine, summary.rejected_plans), (Some(Engine::Mixed), 1));
    assert_eq!((summary.docs_examined, summary.ms), (Some(2005), Some(25)));
    assert_eq!(codes(&summary), ["collection_scan", "examined_more_than_returned"]);

    let (tree, summary) = read!("sharded_aggregate_8_0");
    assert_eq!(line(&tree), ["$sort", "$group", "SHARD_MERGE"]);
    let merged = &tree.children[0].children[0];
    assert_eq!(line(&merged.children[0]), ["GROUP", "SHARDING_FILTER", "COLLSCAN"]);
    assert_eq!(line(&merged.children[1]), ["$group", "SHARDING_FILTER", "COLLSCAN"]);
    assert_eq!(merged.children[0].children[0].children[0].docs_examined, Some(5555));
    assert_eq!((summary.returned, summary.docs_examined), (None, Some(5565)));
    assert_eq!((summary.engine, summary.ms), (Some(Engine::Mixed), Some(40)));
}

#[test]
fn what_is_no_explanation_has_no_plan() {
    assert!(plan(&Document::new()).is_none());
    let broken = doc! { "queryPlanner": { "winningPlan": 1 } };
    assert!(plan(&broken).is_none());
    assert_eq!(summarize(&broken, None).engine, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_explains_every_kind_of_operation() {
    let Some(api) = api("explain").await else { return };
    api.insert(&(0..200).map(|i| json!({ "_id": i, "n": i % 3 })).collect::<Vec<_>>()).await;
    let explain = async |body: Value| {
        let answer = api.ok("POST", "/explain", body).await;
        answer["data"].clone()
    };
    let answer = explain(json!({ "find": { "filter": { "n": 1 } } })).await;
    assert_eq!((&answer["executed"], &answer["note"]), (&json!(false), &Value::Null));
    assert_eq!(answer["plan"]["stage"], "COLLSCAN");
    assert_eq!(answer["summary"]["warnings"][0]["code"], "collection_scan");
    assert!(answer["raw"]["queryPlanner"].is_object());

    let find =
        json!({ "find": { "filter": { "n": 1 } }, "verbosity": "executionStats", "raw": false });
    let answer = explain(find).await;
    assert_eq!((&answer["executed"], &answer["raw"]), (&json!(true), &Value::Null));
    assert_eq!(answer["summary"]["docs_examined"], 200);

    let index = json!({ "key": { "n": 1 } });
    assert_eq!(api.send("POST", "/indexes", index).await.0, 201);
    let find = json!({ "find": { "filter": { "n": 1 } }, "verbosity": "executionStats" });
    let answer = explain(find).await;
    let (plan, summary) = (&answer["plan"], &answer["summary"]);
    assert_eq!((&plan["stage"], &plan["returned"]), (&json!("FETCH"), &json!(67)), "{answer}");
    let scan = &plan["children"][0];
    assert_eq!(scan["stage"], "IXSCAN");
    assert_eq!(scan["index"], json!({ "name": "n_1", "keys": { "n": 1 } }));
    assert_eq!(summary["indexes"], json!(["n_1"]));
    let figures = ["returned", "docs_examined", "keys_examined"].map(|name| &summary[name]);
    assert_eq!(figures, [&json!(67); 3], "{answer}");
    assert_eq!((&summary["covered"], &summary["warnings"]), (&json!(false), &json!([])));

    let group = json!([{ "$group": { "_id": "$n" } }]);
    let answer = explain(json!({ "aggregate": { "pipeline": group } })).await;
    assert_eq!(answer["plan"]["stage"], "$group");
    explain(json!({ "count": { "filter": { "n": 1 } } })).await;
    explain(json!({ "distinct": { "key": "n" } })).await;

    let update = json!({ "filter": {}, "update": { "$set": { "gone": true } }, "multi": true });
    let answer = explain(json!({ "update": update, "verbosity": "executionStats" })).await;
    assert!(answer["note"].as_str().unwrap().contains("nothing was changed"));
    let delete = json!({ "filter": {}, "multi": true });
    explain(json!({ "delete": delete, "verbosity": "executionStats" })).await;
    let left = json!({ "filter": { "gone": null } });
    let (_, answer) = api.send("POST", "/count", left).await;
    assert_eq!(answer["data"]["value"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_run_is_not_run_to_explain_it() {
    let Some(api) = api("explain_gate").await else { return };
    let status = async |body| api.send("POST", "/explain", body).await.0;
    let out = json!({ "pipeline": [{ "$out": "elsewhere" }] });
    assert_eq!(status(json!({ "aggregate": out, "verbosity": "executionStats" })).await, 403);
    assert_eq!(status(json!({ "find": { "filter": { "$where": "1" } } })).await, 403);
    assert_eq!(status(json!({ "delete": { "filter": { "$where": "1" } } })).await, 403);
    let update = json!({ "update": [{ "$out": "elsewhere" }] });
    assert_eq!(status(json!({ "update": update })).await, 403);
    assert_eq!(status(json!({})).await, 400);
    assert_eq!(status(json!({ "find": {}, "count": {} })).await, 400);
}
