//! Pipelines made at random by the grammar of the server, with something hidden in them.
//!
//! A generated pipeline has one hole at a random place: in an expression, in a query, or among the
//! stages of a pipeline at any depth. Filled with what is harmless, it must pass; filled with what is
//! not, it must be refused.

use mongodb::bson::{Bson, Document, bson, doc};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::error::{Code, Result};

/// How deeply things are put into each other.
const DEPTH: u32 = 6;

type Gen<T> = BoxedStrategy<T>;

/// Data that looks like what is refused.
fn lookalike() -> Gen<Bson> {
    let texts = select(vec!["$where", "$function", "$out", "$$ROOT", "{ $where: 1 }", "$a.b"]);
    let document = select(vec![
        bson!({ "$where": "1" }),
        bson!({ "$function": { "body": "function() {}", "args": [], "lang": "js" } }),
        bson!([{ "$out": "elsewhere" }, { "$accumulator": {} }]),
        bson!({ "$surprise": { "$merge": "elsewhere" } }),
    ]);
    prop_oneof![
        texts.prop_map(|text| Bson::String(text.to_owned())),
        document.prop_map(|data| bson!({ "$literal": data })),
    ]
    .boxed()
}

fn harmless() -> Gen<Bson> {
    prop_oneof![
        any::<i32>().prop_map(Bson::Int32),
        Just(Bson::Null),
        Just(Bson::String("$field.path".to_owned())),
        Just(bson!({ "$add": ["$a", 1] })),
        lookalike(),
    ]
    .boxed()
}

/// Runs code, or is the server's own.
fn poison() -> Gen<Bson> {
    select(vec![
        bson!({ "$function": { "body": "function() {}", "args": [], "lang": "js" } }),
        bson!({ "$_internalJsEmit": { "eval": "function() {}", "this": "$$ROOT" } }),
        bson!({ "$accumulator": { "init": "function() {}", "lang": "js" } }),
    ])
    .boxed()
}

/// An expression somewhere in which is `hole`.
fn expression_around(hole: Gen<Bson>, depth: u32) -> Gen<Bson> {
    if depth == 0 {
        return hole;
    }
    let inner = expression_around(hole.clone(), depth - 1);
    let wrapped = (inner, harmless(), 0..11_u8).prop_map(|(x, other, kind)| match kind {
        0 => bson!({ "$cond": [other, x, 1] }),
        1 => bson!({ "$cond": { "if": x, "then": other, "else": 0 } }),
        2 => bson!({ "$switch": { "branches": [{ "case": other, "then": x }], "default": 1 } }),
        3 => bson!({ "$switch": { "branches": [{ "case": x, "then": 1 }], "default": other } }),
        4 => bson!({ "$map": { "input": "$a", "as": "b", "in": x } }),
        5 => bson!({ "$let": { "vars": { "v": x }, "in": other } }),
        6 => bson!({ "$reduce": { "input": other, "initialValue": 0, "in": { "$add": [x, 1] } } }),
        7 => bson!({ "$filter": { "input": "$a", "cond": { "$eq": [x, other] } } }),
        8 => bson!({ "$setField": { "field": "a", "input": "$$ROOT", "value": x } }),
        9 => bson!([other, x]),
        _ => bson!({ "plain": other, "nested": { "field": x } }),
    });
    prop_oneof![1 => hole, 4 => wrapped].boxed()
}

/// A query somewhere in which is `hole`, an operator at the place of a field.
fn query_around(hole: Gen<Document>, depth: u32) -> Gen<Document> {
    if depth == 0 {
        return hole;
    }
    let inner = query_around(hole.clone(), depth - 1);
    let wrapped = (inner, 0..5_u8).prop_map(|(x, kind)| match kind {
        0 => doc! { "$and": [{ "a": 1 }, x] },
        1 => doc! { "$or": [x, { "where": "$where" }] },
        2 => doc! { "$nor": [{ "b": { "$gt": 1 } }, x] },
        3 => doc! { "a.b": { "$elemMatch": x } },
        _ => doc! { "a": { "$not": { "$elemMatch": x } }, "b": 1 },
    });
    prop_oneof![1 => hole, 4 => wrapped].boxed()
}

/// A stage with an expression in it.
fn stage_with_expression(expression: Gen<Bson>) -> Gen<Document> {
    (expression, 0..14_u8)
        .prop_map(|(x, kind)| match kind {
            0 => doc! { "$project": { "a": x } },
            1 => doc! { "$set": { "a": { "b": x } } },
            2 => doc! { "$group": { "_id": x, "n": { "$sum": 1 } } },
            3 => doc! { "$group": { "_id": 1, "n": { "$push": x } } },
            4 => doc! { "$bucket": { "groupBy": x, "boundaries": [0, 1] } },
            5 => doc! { "$bucketAuto": { "groupBy": "$a", "buckets": 2, "output": { "n": { "$max": x } } } },
            6 => doc! { "$replaceWith": x },
            7 => doc! { "$replaceRoot": { "newRoot": x } },
            8 => doc! { "$redact": x },
            9 => doc! { "$setWindowFields": { "sortBy": { "a": 1 }, "output": { "n": { "$sum": x } } } },
            10 => doc! { "$fill": { "output": { "a": { "value": x } } } },
            11 => doc! { "$graphLookup": {
                "from": "c", "startWith": x, "connectFromField": "a", "connectToField": "b", "as": "d",
            } },
            12 => doc! { "$lookup": { "from": "c", "let": { "v": x }, "pipeline": [], "as": "d" } },
            _ => doc! { "$sortByCount": x },
        })
        .boxed()
}

/// A stage with a query in it.
fn stage_with_query(query: Gen<Document>) -> Gen<Document> {
    (query, 0..4_u8)
        .prop_map(|(x, kind)| match kind {
            0 => doc! { "$match": x },
            1 => doc! { "$geoNear": { "near": [0, 0], "distanceField": "d", "query": x } },
            2 => doc! { "$vectorSearch": { "index": "i", "path": "p", "filter": x } },
            _ => doc! { "$graphLookup": {
                "from": "c", "startWith": "$a", "connectFromField": "a", "connectToField": "b",
                "as": "d", "restrictSearchWithMatch": x,
            } },
        })
        .boxed()
}

fn harmless_stage() -> Gen<Document> {
    let plain = select(vec![
        doc! { "$limit": 5 },
        doc! { "$sort": { "a": -1 } },
        doc! { "$unwind": "$a" },
        doc! { "$unset": ["a", "$b"] },
        doc! { "$densify": { "field": "t", "range": { "step": 1, "bounds": "full" } } },
        doc! { "$lookup": { "from": "c", "localField": "a", "foreignField": "b", "as": "d" } },
        doc! { "$unionWith": "c" },
        doc! { "$count": "n" },
    ]);
    prop_oneof![plain, stage_with_expression(harmless())].boxed()
}

/// A pipeline with `stage` among others.
fn pipeline_of(stage: Gen<Document>) -> Gen<Vec<Document>> {
    let others = || prop::collection::vec(harmless_stage(), 0..3);
    (others(), stage, others())
        .prop_map(|(before, stage, after)| [before, vec![stage], after].concat())
        .boxed()
}

/// A stage with a pipeline in it.
fn stage_with_pipeline(inner: Gen<Vec<Document>>) -> Gen<Document> {
    (inner, 0..5_u8)
        .prop_map(|(x, kind)| match kind {
            0 => doc! { "$facet": { "other": [{ "$count": "n" }], "this": x } },
            1 => doc! { "$lookup": { "from": "c", "pipeline": x, "as": "d" } },
            2 => doc! { "$unionWith": { "coll": "c", "pipeline": x } },
            3 => doc! { "$rankFusion": { "input": { "pipelines": { "this": x } } } },
            _ => doc! { "$scoreFusion": { "input": { "pipelines": { "this": x } } } },
        })
        .boxed()
}

/// A pipeline with `stage` in it, at most `depth` pipelines deep and at least `least`.
fn nested(stage: Gen<Document>, least: u32, depth: u32) -> Gen<Vec<Document>> {
    let here = pipeline_of(stage.clone());
    if depth == 0 {
        return here;
    }
    let deeper = nested(stage, least.saturating_sub(1), depth - 1);
    let deeper = pipeline_of(stage_with_pipeline(deeper));
    if least > 0 { deeper } else { prop_oneof![1 => here, 2 => deeper].boxed() }
}

/// A stage with `hole` in it, as an expression or behind `$expr`.
fn around(hole: Gen<Bson>) -> Gen<Document> {
    let expression = expression_around(hole, DEPTH);
    let behind = expression.clone().prop_map(|x| doc! { "$expr": x }).boxed();
    prop_oneof![stage_with_expression(expression), stage_with_query(query_around(behind, DEPTH)),]
        .boxed()
}

fn refused(result: Result<impl Sized>) -> bool {
    result.is_err_and(|e| e.code() == Code::OperationNotAllowed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn code_in_an_expression_never_passes(stages in nested(around(poison()), 0, 3)) {
        prop_assert!(refused(pipeline(&stages, "app")), "{stages:?}");
        prop_assert!(refused(view(&stages, "app")), "{stages:?}");
    }

    #[test]
    fn code_in_a_query_never_passes(
        query in query_around(Just(doc! { "$where": "sleep(1)" }).boxed(), DEPTH),
        depth in 0..3_u32,
    ) {
        // As a filter, a validator or a partial filter expression.
        prop_assert!(refused(expression(&query)), "{query:?}");
        let pulled = doc! { "$pull": { "a": query.clone() } };
        prop_assert!(refused(update(&pulled)), "{pulled:?}");
        let stage = doc! { "$match": query };
        let mut stages = vec![stage];
        for _ in 0..depth {
            stages = vec![doc! { "$lookup": { "from": "c", "pipeline": stages, "as": "d" } }];
        }
        prop_assert!(refused(pipeline(&stages, "app")), "{stages:?}");
    }

    #[test]
    fn code_in_an_update_never_passes(value in expression_around(poison(), DEPTH)) {
        let stages = [doc! { "$set": { "a": 1 } }, doc! { "$replaceWith": value }];
        prop_assert!(refused(update_pipeline(&stages)), "{stages:?}");
        let merge = doc! { "$merge": { "into": "c", "whenMatched": stages.to_vec() } };
        prop_assert!(refused(pipeline(&[merge], "app")), "{stages:?}");
    }

    #[test]
    fn a_stage_that_writes_or_is_unknown_never_hides_in_another(
        stages in nested(
            select(vec![
                doc! { "$out": "c" },
                doc! { "$out": { "db": "app", "coll": "c" } },
                doc! { "$merge": { "into": "c" } },
                doc! { "$changeStream": {} },
                doc! { "$surprise": {} },
                doc! { "$_internalInhibitOptimization": {} },
                doc! { "$lookup": { "from": { "db": "other", "coll": "c" }, "pipeline": [] } },
                doc! { "$unionWith": { "db": "other", "coll": "c" } },
            ]).boxed(),
            1,
            3,
        ),
    ) {
        prop_assert!(refused(pipeline(&stages, "app")), "{stages:?}");
    }

    #[test]
    fn a_pipeline_that_writes_is_never_taken_for_one_that_reads(
        before in prop::collection::vec(harmless_stage(), 0..4),
        write in select(vec![doc! { "$out": "c" }, doc! { "$merge": { "into": "c" } }]),
    ) {
        let stages = [before, vec![write]].concat();
        prop_assert!(pipeline(&stages, "app").unwrap().write);
        prop_assert!(refused(view(&stages, "app")));
    }

    #[test]
    fn what_others_do_is_never_shown_without_saying_so(
        stages in nested(
            select(vec![
                doc! { "$currentOp": { "allUsers": true } },
                doc! { "$listSessions": {} },
                doc! { "$queryStats": {} },
                doc! { "$unionWith": "system.profile" },
                doc! { "$graphLookup": { "from": "system.users", "startWith": "$a" } },
            ]).boxed(),
            0,
            3,
        ),
    ) {
        prop_assert!(pipeline(&stages, "app").unwrap().admin, "{stages:?}");
    }

    #[test]
    fn what_is_harmless_passes(
        stages in nested(around(lookalike()), 0, 3),
        query in query_around(Just(doc! { "a": "$where", "out": { "$gt": "$out" } }).boxed(), DEPTH),
    ) {
        prop_assert_eq!(pipeline(&stages, "app").unwrap(), Needs::default());
        view(&stages, "app").unwrap();
        expression(&query).unwrap();
    }
}
