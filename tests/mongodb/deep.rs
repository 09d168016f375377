//! Documents that are nested as deeply as MongoDB takes them, and deeper.

use mongodb::bson::doc;
use serde_json::json;

use super::api::{Api, api};
use super::fake::{Answer, Fake};

/// The levels that MongoDB stores.
const LEVELS: usize = 180;

/// A document of so many levels, with arrays and documents in turn around the inmost.
fn nested(levels: usize, inmost: &str) -> String {
    let mut text = inmost.to_owned();
    for level in 3..=levels {
        text = if level % 2 == 0 { format!(r#"{{"a":{text}}}"#) } else { format!("[{text}]") };
    }
    format!(r#"{{"_id":1,"v":{text}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deepest_documents_are_shown_and_edited() {
    let Some(api) = api("deep").await else { return };
    let first = nested(LEVELS, r#"{"n":{"$numberLong":"1"}}"#);
    let (status, answer) =
        api.text("POST", "/documents", &format!(r#"{{"document":{first}}}"#)).await;
    assert_eq!(status, 201, "{answer}");
    let show = async || {
        let (status, text) = api.text("GET", "/documents/1?id_type=int&ejson=canonical", "").await;
        assert_eq!(status, 200);
        let text = text.strip_prefix(r#"{"data":"#).unwrap().strip_suffix('}').unwrap();
        text.to_owned()
    };
    let shown = show().await;
    assert_eq!(shown.replace(r#"{"$numberInt":"1"}"#, "1"), first);

    let edited = nested(LEVELS, r#"{"n":{"$numberLong":"2"}}"#);
    let replace = format!(r#"{{"replacement":{edited},"if_unchanged":{shown}}}"#);
    let (status, answer) = api.text("PUT", "/documents/1?id_type=int", &replace).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(show().await.replace(r#"{"$numberInt":"1"}"#, "1"), edited);

    // What the document is now comes with the refusal.
    let (status, answer) = api.text("PUT", "/documents/1?id_type=int", &replace).await;
    assert_eq!(status, 409, "{answer}");
    assert!(answer.contains(&show().await), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_nested_deeper_than_any_document_is_refused() {
    let fake = Fake::standalone(|_, _| Answer::With(doc! { "n": 1, "ok": 1.0 })).await;
    let api = Api::of(&fake.url(), "c");
    let refused = async |body: String| {
        let (status, answer) = api.text("POST", "/documents", &body).await;
        assert_eq!(status, 400, "{answer}");
        answer
    };
    let answer = refused(format!(r#"{{"document":{}}}"#, nested(201, "{}"))).await;
    assert!(answer.contains("nested too deeply; at most 200 levels"), "{answer}");
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let (open, close) = (open.repeat(100_000), close.repeat(100_000));
        let deep = format!(r#"{{"a":{open}1{close}}}"#);
        refused(format!(r#"{{"document":{deep}}}"#)).await;
        refused(json!({ "document": deep }).to_string()).await;
        refused(format!(r#"{{"documents":[{{}},{deep}]}}"#)).await;
        refused(format!(r#"{{"document":{{"a":{open}"#)).await;
        refused(deep).await;
    }
    assert!(fake.asked("insert").is_empty());
    let (status, answer) =
        api.text("POST", "/documents", &format!(r#"{{"document":{}}}"#, nested(200, "[]"))).await;
    assert_eq!(status, 201, "{answer}");
    let Some(sent) = fake.asked("insert").pop() else { panic!("nothing was inserted") };
    assert_eq!(sent.get_str("insert").unwrap(), "c");
}
