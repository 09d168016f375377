use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};
use studio_multidb::backend::mongodb::{Change, CountKind, Query};
use studio_multidb::ejson::Mode;
use studio_multidb::error::Code;
use studio_multidb::json::Writer;
use studio_multidb::outcome::Outcome;

use super::generated::raw;
use super::support::{all, at_most, collection, connect, insert, target, told};
use crate::fixtures::soon;

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_found_page_by_page() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "pages").await;
    let documents: Vec<Document> = (0..5).map(|i| doc! { "_id": i, "n": i64::from(i) }).collect();
    insert(&client, &namespace, &documents).await.unwrap();

    let query = Query {
        filter: doc! { "n": { "$gte": 1 } },
        projection: Some(doc! { "n": 0 }),
        sort: Some(doc! { "_id": -1 }),
        skip: 1,
        cap: at_most(2),
        ..Query::default()
    };
    let (page, more) = all(&client, &namespace, query.clone()).await;
    assert_eq!(page, r#"{"_id":3},{"_id":2}"#);
    assert!(more);
    let (page, more) = all(&client, &namespace, Query { skip: 3, ..query }).await;
    assert_eq!(page, r#"{"_id":1}"#);
    assert!(!more);

    let call = client.call(soon(), "count");
    let count = call.count(&namespace, doc! { "n": { "$gte": 1 } }).await.unwrap();
    assert_eq!((count.value, count.kind), (Some(4), CountKind::Exact));
    let count = call.count(&namespace, doc! {}).await.unwrap();
    assert_eq!((count.value, count.kind), (Some(5), CountKind::Estimate));
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_documents_come_whole() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "thousand").await;
    let text = "x".repeat(20_000);
    let documents: Vec<Document> = (0..1001).map(|i| doc! { "_id": i, "text": &text }).collect();
    insert(&client, &namespace, &documents).await.unwrap();
    let (page, more) =
        all(&client, &namespace, Query { cap: at_most(1000), ..Query::default() }).await;
    assert!(more);
    let read: Vec<serde_json::Value> = serde_json::from_str(&format!("[{page}]")).unwrap();
    assert_eq!(read.len(), 1000);
    assert!(read.iter().all(|d| d["text"] == text.as_str()));
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_refused_when_the_document_is_not_the_expected_one() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "conflicts").await;
    let loaded = doc! { "_id": 1, "a": 1, "b": { "$x": [1, 2] } };
    let original = raw(&loaded);
    insert(&client, &namespace, std::slice::from_ref(&loaded)).await.unwrap();
    let call = client.call(soon(), "change");

    let change = || Change::operators(doc! { "$inc": { "a": 1 } });
    let changed =
        call.change(&namespace, Bson::Int32(1), change(), Some(&original)).await.unwrap().unwrap();
    assert_eq!(changed.document.unwrap().get_i32("a").unwrap(), 2);

    let stale = call.change(&namespace, Bson::Int32(1), change(), Some(&original)).await;
    let error = told(stale.unwrap_err());
    assert_eq!(error.code(), Code::Conflict);
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
    assert_eq!(error.details()["current"]["a"]["$numberInt"], "2");

    let stale = call.delete(&namespace, Bson::Int32(1), Some(&original)).await;
    let error = told(stale.unwrap_err());
    assert_eq!(error.code(), Code::Conflict);
    assert!(
        call.change(&namespace, Bson::Int32(2), change(), Some(&original)).await.unwrap().is_none()
    );
    assert!(call.delete(&namespace, Bson::Int32(1), None).await.unwrap());
    assert!(!call.delete(&namespace, Bson::Int32(1), None).await.unwrap());
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsert_says_whether_it_made_the_document() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "upserts").await;
    let call = client.call(soon(), "upsert");
    let replacement = RawDocumentBuf::try_from(&doc! { "a": 1.5 }).unwrap();
    let change = || Change::Replacement(replacement.clone());
    let made = call.upsert(&namespace, Bson::String("x".into()), change()).await.unwrap();
    assert!(made.inserted);
    assert_eq!(made.document.unwrap().get_str("_id").unwrap(), "x");
    assert!(!call.upsert(&namespace, Bson::String("x".into()), change()).await.unwrap().inserted);
    let set = Change::Pipeline(vec![doc! { "$set": { "b": { "$add": ["$a", 1] } } }]);
    let changed = call.change(&namespace, Bson::String("x".into()), set, None).await.unwrap();
    let b = changed.unwrap().document.unwrap().get_f64("b").unwrap();
    assert_eq!(b.to_bits(), 2.5_f64.to_bits());
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_key_says_which_document_and_what_was_inserted_before_it() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "duplicates").await;
    let documents = [doc! { "_id": 1 }, doc! { "_id": 2 }, doc! { "_id": 1 }, doc! { "_id": 3 }];
    let error = insert(&client, &namespace, &documents).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert_eq!(error.details()["write_errors"][0]["index"], 2);
    let (left, _) = all(&client, &namespace, Query { cap: at_most(10), ..Query::default() }).await;
    assert_eq!(left, r#"{"_id":1},{"_id":2}"#);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_filter_is_the_callers_error() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "failing").await;
    let query = Query { filter: doc! { "a": { "$nope": 1 } }, ..Query::default() };
    let call = client.call(soon(), "failing");
    let error = call.find(&namespace, query, Mode::Relaxed, &mut Writer::new()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbQueryError);
    assert_eq!(error.known_outcome(), Outcome::NotApplied);
    client.close().await;
}
