//! Conflicts are told exactly, and only what differs is written.

use mongodb::bson::{Bson, Decimal128, Document, RawDocumentBuf, doc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use studio_multidb::backend::mongodb::{Change, Client, Namespace};
use studio_multidb::error::Code;
use studio_multidb::outcome::Outcome;

use super::generated::{edits, raw};
use super::support::{collection, connect, insert, target, told};
use crate::fixtures::soon;

async fn stored(client: &Client, namespace: &Namespace, id: Bson) -> RawDocumentBuf {
    // A change that changes nothing answers with the document.
    let nothing = Change::Pipeline(vec![doc! { "$set": { "_none": "$$REMOVE" } }]);
    let call = client.call(soon(), "stored");
    call.change(namespace, id, nothing, None).await.unwrap().unwrap().document.unwrap()
}

/// Documents of which a server says that they are equal.
fn twins() -> Vec<[Document; 2]> {
    let decimal = |text: &str| text.parse::<Decimal128>().unwrap();
    vec![
        [doc! { "a": 1_i32 }, doc! { "a": 1_i64 }],
        [doc! { "a": 1_i32 }, doc! { "a": 1.0 }],
        [doc! { "a": 1_i64 }, doc! { "a": decimal("1") }],
        [doc! { "a": 0.0 }, doc! { "a": -0.0 }],
        [doc! { "a": decimal("1.0") }, doc! { "a": decimal("1.00") }],
        [doc! { "a": { "b": { "c": 1_i32 } } }, doc! { "a": { "b": { "c": 1.0 } } }],
        [doc! { "a": [1_i32, 2_i32] }, doc! { "a": [1_i32, 2.0] }],
        [doc! { "a": [{ "b": 0.0 }] }, doc! { "a": [{ "b": -0.0 }] }],
        [doc! { "a": [[1_i32], [0.0]] }, doc! { "a": [[1_i32], [-0.0]] }],
        [doc! { "a.b": { "$c": 1_i32 } }, doc! { "a.b": { "$c": 1_i64 } }],
        [doc! { "": { "": 0.0 } }, doc! { "": { "": -0.0 } }],
        [doc! { "a": 1_i32, "b": 1.0 }, doc! { "a": 1.0, "b": 1_i32 }],
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_only_equal_is_not_the_one_that_was_loaded() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "exact").await;
    let call = client.call(soon(), "exact");
    for (n, [one, other]) in (0_i32..).zip(twins()) {
        for (m, [stored, loaded]) in (0..).zip([[&one, &other], [&other, &one]]) {
            let id = Bson::Int32(10 * n + m);
            let with_id = |document: &Document| {
                let mut whole = doc! { "_id": id.clone() };
                whole.extend(document.clone());
                whole
            };
            let (stored, loaded) = (with_id(stored), with_id(loaded));
            insert(&client, &namespace, std::slice::from_ref(&stored)).await.unwrap();
            let change = || Change::operators(doc! { "$set": { "z": true } });

            let changed = call.change(&namespace, id.clone(), change(), Some(&raw(&loaded))).await;
            let error = told(changed.unwrap_err());
            assert_eq!(error.code(), Code::Conflict, "{stored} is not {loaded}");
            assert_eq!(error.known_outcome(), Outcome::NotApplied);
            let deleted = call.delete(&namespace, id.clone(), Some(&raw(&loaded))).await;
            assert_eq!(
                told(deleted.unwrap_err()).code(),
                Code::Conflict,
                "{stored} is not {loaded}"
            );

            let changed = call.change(&namespace, id.clone(), change(), Some(&raw(&stored))).await;
            let changed = changed.unwrap().unwrap().document.unwrap();
            assert!(changed.get_bool("z").unwrap(), "{stored}");
            assert!(call.delete(&namespace, id, Some(&changed)).await.unwrap(), "{stored}");
        }
    }
    client.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_is_the_edited_document_byte_for_byte() {
    let Some(target) = target() else { return };
    let client = connect(&target).await;
    let namespace = collection(&client, "edited").await;
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 120, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let handle = tokio::runtime::Handle::current();
    let next = std::sync::atomic::AtomicI32::new(0);
    let minimal = std::sync::atomic::AtomicU32::new(0);
    let (client, namespace) = (&client, &namespace);
    tokio::task::block_in_place(|| {
        let ran = runner.run(&edits(), |(original, edited)| {
            let id = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let whole = |tree: Document| {
                let mut whole = doc! { "_id": id };
                whole.extend(tree);
                whole
            };
            let (original, edited) = (whole(original), whole(edited));
            handle.block_on(async {
                insert(client, namespace, std::slice::from_ref(&original)).await.unwrap();
                let Some(change) = Change::between(&raw(&original), raw(&edited)).unwrap() else {
                    assert_eq!(raw(&original), raw(&edited));
                    return;
                };
                if matches!(change, Change::Operators { .. }) {
                    minimal.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
                let told = format!("{change:?}");
                let call = client.call(soon(), "edit");
                let changed =
                    call.change(namespace, id.into(), change, Some(&raw(&original))).await;
                let changed = changed.unwrap_or_else(|error| panic!("{error:?}: {told}"));
                let changed = changed.unwrap().document.unwrap();
                assert_eq!(changed, raw(&edited), "{original} by {told}");
                assert_eq!(stored(client, namespace, id.into()).await, raw(&edited), "{told}");
            });
            Ok(())
        });
        ran.unwrap();
    });
    assert!(minimal.into_inner() > 40, "most edits are told by single fields");
    client.close().await;
}

#[test]
fn an_edit_writes_only_the_fields_that_differ() {
    let between =
        |original: Document, edited: Document| match Change::between(&raw(&original), raw(&edited))
            .unwrap()
        {
            Some(Change::Operators { operators, .. }) => operators,
            other => panic!("{other:?}"),
        };
    assert_eq!(
        between(
            doc! { "_id": 1, "name": "Ada", "age": 36, "address": { "city": "London", "zip": 1 } },
            doc! { "name": "Ada", "age": 37, "address": { "city": "Paris" }, "email": "a@b.c" },
        ),
        doc! {
            "$set": { "age": 37, "address.city": "Paris", "email": "a@b.c" },
            "$unset": { "address.zip": "" },
        }
    );
    // Only the type differs.
    assert_eq!(
        between(doc! { "n": 1_i32, "t": "text" }, doc! { "n": 1_i64, "t": "text" }),
        doc! { "$set": { "n": 1_i64 } }
    );
    assert_eq!(
        between(
            doc! { "tags": ["a", "b", { "c": 1 }], "text": "x".repeat(40) },
            doc! { "tags": ["a", "B", { "c": 2 }], "text": "x".repeat(40) },
        ),
        doc! { "$set": { "tags.1": "B", "tags.2.c": 2 } }
    );
}

#[test]
fn an_edit_that_single_fields_cant_say_writes_the_whole_document() {
    let whole = |original: Document, edited: Document| {
        let change = Change::between(&raw(&original), raw(&edited)).unwrap();
        assert_eq!(change, Some(Change::Replacement(raw(&edited))), "{original} to {edited}");
    };
    let long = "x".repeat(100);
    // Another order.
    whole(doc! { "a": 1, "b": &long }, doc! { "b": &long, "a": 1 });
    whole(doc! { "b": &long }, doc! { "a": 1, "b": &long });
    // New fields that a server would append in another order.
    whole(doc! { "t": &long }, doc! { "t": &long, "z": 1, "a": 1 });
    // Names that no path can have.
    whole(doc! { "t": &long, "a.b": 1 }, doc! { "t": &long, "a.b": 2 });
    whole(doc! { "t": &long, "$a": 1 }, doc! { "t": &long, "$a": 2 });
    // A short document by itself is less to say.
    whole(doc! { "a": 1 }, doc! { "b": 1 });
}

#[test]
fn an_edit_cant_give_a_document_another_id() {
    let original = raw(&doc! { "_id": 1, "a": 1 });
    let error = Change::between(&original, raw(&doc! { "_id": 2, "a": 1 })).unwrap_err();
    assert!(error.message().contains("_id"), "{error}");
    let error = Change::between(&original, raw(&doc! { "_id": 1.0, "a": 1 })).unwrap_err();
    assert!(error.message().contains("_id"), "{error}");
}

proptest! {
    /// Said of the bytes, without a server: what operators change is exactly what differs.
    #[test]
    fn nothing_is_written_where_nothing_differs((original, _) in edits()) {
        prop_assert_eq!(Change::between(&raw(&original), raw(&original)).unwrap(), None);
    }
}
