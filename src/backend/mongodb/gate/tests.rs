use mongodb::bson::{Bson, Document, doc};
use proptest::prelude::*;

use super::*;
use crate::error::{Code, Result};

fn check(stages: impl IntoIterator<Item = Document>) -> Result<Needs> {
    pipeline(&stages.into_iter().collect::<Vec<_>>(), "app")
}

fn refused(result: Result<impl std::fmt::Debug>) -> bool {
    result.is_err_and(|e| e.code() == Code::OperationNotAllowed)
}

#[test]
fn javascript_is_refused_wherever_it_stands() {
    let code = doc! { "$function": { "body": "function() {}", "args": [], "lang": "js" } };
    assert!(refused(expression(&doc! { "$where": "1" })));
    assert!(refused(expression(&doc! { "$and": [{ "a": 1 }, { "$or": [{ "$where": "1" }] }] })));
    assert!(refused(expression(&doc! { "a": { "$elemMatch": { "$where": "1" } } })));
    assert!(refused(expression(&doc! { "$expr": { "$eq": [1, code.clone()] } })));
    assert!(refused(expression(&doc! { "shown": { "$cond": [true, [code.clone()], 1] } })));
    // What stands beside a literal is no part of it.
    assert!(refused(expression(&doc! { "$literal": 1, "$where": "1" })));
    assert!(refused(update(&doc! { "$pull": { "a": { "$where": "1" } } })));
    assert!(refused(update_pipeline(&[doc! { "$set": { "a": code.clone() } }])));
    assert!(refused(check([doc! { "$match": { "$where": "1" } }])));
    let accumulator = doc! { "$accumulator": { "init": "function() {}" } };
    assert!(refused(check([doc! { "$group": { "_id": 1, "n": accumulator } }])));
    let inner = doc! { "$match": { "$expr": code } };
    let nested = doc! { "$facet": { "a": [{ "$lookup": { "from": "c", "pipeline": [inner] } }] } };
    assert!(refused(check([nested])));
}

#[test]
fn operators_of_the_server_itself_are_refused() {
    assert!(refused(expression(&doc! { "a": { "$_internalSchemaType": 2 } })));
    assert!(refused(check([doc! { "$_internalInhibitOptimization": {} }])));
}

#[test]
fn ordinary_queries_pass() {
    let filter = doc! {
        "a": { "$gt": 1, "$in": [1, 2] },
        "$expr": { "$gt": ["$a", "$b"] },
        "where": "$where",
        "text": { "$regex": "^x", "$options": "i" },
    };
    expression(&filter).unwrap();
    update(&doc! { "$set": { "a.b": 1 }, "$inc": { "n": 1 }, "$push": { "l": { "$each": [1] } } })
        .unwrap();
    update_pipeline(&[doc! { "$set": { "a": "$b" } }, doc! { "$unset": "b" }]).unwrap();
}

#[test]
fn a_document_is_never_taken_for_an_update() {
    assert!(update(&doc! {}).is_err());
    assert!(update(&doc! { "a": 1 }).is_err());
    assert!(update(&doc! { "$set": { "a": 1 }, "b": 1 }).is_err());
    assert!(refused(update(&doc! { "$surprise": { "a": 1 } })));
    assert!(update_pipeline(&[]).is_err());
    assert!(refused(update_pipeline(&[doc! { "$out": "c" }])));
    assert!(refused(update_pipeline(&[doc! { "$lookup": {} }])));
}

#[test]
fn a_stage_that_is_not_on_the_list_is_refused() {
    assert!(refused(check([doc! { "$brandNew": {} }])));
    assert!(refused(check([doc! { "$facet": { "a": [{ "$brandNew": {} }] } }])));
    assert!(refused(check([doc! { "$unionWith": { "coll": "c", "pipeline": [{ "x": 1 }] } }])));
    assert!(check([doc! { "$match": {}, "$limit": 1 }]).is_err());
    assert!(check([doc! {}]).is_err());
}

#[test]
fn a_pipeline_that_writes_says_so() {
    assert!(check([doc! { "$match": {} }, doc! { "$out": "c" }]).unwrap().write);
    assert!(check([doc! { "$out": { "db": "app", "coll": "c" } }]).unwrap().write);
    assert!(check([doc! { "$merge": "c" }]).unwrap().write);
    assert!(check([doc! { "$merge": { "into": { "db": "app", "coll": "c" } } }]).unwrap().write);
    assert!(!check([doc! { "$match": {} }]).unwrap().write);
    // Servers refuse one that is not the last; nothing may follow what we take for a write.
    assert!(check([doc! { "$out": "c" }, doc! { "$match": {} }]).is_err());
}

#[test]
fn a_pipeline_writes_to_its_own_database_only() {
    assert!(refused(check([doc! { "$out": { "db": "other", "coll": "c" } }])));
    assert!(refused(check([doc! { "$merge": { "into": { "db": "other", "coll": "c" } } }])));
    assert!(refused(check([doc! { "$out": "system.views" }])));
    assert!(refused(check([doc! { "$merge": { "into": "system.users" } }])));
    assert!(check([doc! { "$out": 1 }]).is_err());
    assert!(check([doc! { "$merge": {} }]).is_err());
}

#[test]
fn a_write_inside_another_stage_is_refused() {
    let write = doc! { "$out": "c" };
    assert!(refused(check([doc! { "$facet": { "a": [write.clone()] } }])));
    assert!(refused(check([doc! { "$lookup": { "from": "c", "pipeline": [write.clone()] } }])));
    assert!(refused(check([doc! { "$unionWith": { "coll": "c", "pipeline": [write] } }])));
    let merge = doc! { "into": "c", "whenMatched": [{ "$set": { "a": { "$function": {} } } }] };
    assert!(refused(check([doc! { "$merge": merge }])));
    let merge = doc! { "into": "c", "whenMatched": [{ "$lookup": {} }] };
    assert!(refused(check([doc! { "$merge": merge }])));
}

#[test]
fn what_others_do_is_for_administrators() {
    for stage in ["$currentOp", "$listSessions", "$listLocalSessions", "$queryStats"] {
        assert!(check([doc! { stage: {} }]).unwrap().admin, "{stage}");
    }
    let cluster = doc! { "$changeStream": { "allChangesForCluster": true } };
    assert!(check([cluster]).unwrap().admin);
    assert!(!check([doc! { "$changeStream": {} }]).unwrap().admin);
    assert!(check([doc! { "$changeStream": {} }]).unwrap().change_stream);
    assert!(pipeline(&[doc! { "$unionWith": "system.users" }], "admin").unwrap().admin);
    let lookup = doc! { "$lookup": { "from": { "db": "local", "coll": "oplog.rs" } } };
    assert!(refused(check([lookup])));
}

#[test]
fn events_go_through_stages_that_look_at_nothing_else() {
    let good = [doc! { "$match": { "a": 1 } }, doc! { "$changeStreamSplitLargeEvent": {} }];
    change_stream(&good).unwrap();
    for stage in ["$out", "$merge", "$lookup", "$group", "$changeStream", "$nonesuch"] {
        assert!(refused(change_stream(&[good[0].clone(), doc! { stage: {} }])), "{stage}");
    }
    assert!(refused(change_stream(&[doc! { "$match": { "$where": "1" } }])));
}

/// Any nesting of arrays and documents around a value.
fn wrapped(value: Bson) -> impl Strategy<Value = Bson> {
    prop::collection::vec(prop_oneof![Just(None), "[a-z$]{1,5}".prop_map(Some)], 0..20).prop_map(
        move |layers| {
            layers.into_iter().fold(value.clone(), |value, layer| match layer {
                None => Bson::Array(vec![Bson::Null, value]),
                Some(name) => Bson::Document(doc! { "other": 1, name: value }),
            })
        },
    )
}

proptest! {
    #[test]
    fn code_is_found_under_any_nesting(value in wrapped(Bson::Document(doc! { "$where": "1" }))) {
        let document = doc! { "a": value };
        let set = doc! { "$set": document.clone() };
        let matching = doc! { "$match": document.clone() };
        let facet = doc! { "$facet": { "f": [matching.clone()] } };
        prop_assert!(refused(expression(&document)));
        prop_assert!(refused(update(&set)));
        prop_assert!(refused(check([matching])));
        prop_assert!(refused(check([facet])));
    }
}
