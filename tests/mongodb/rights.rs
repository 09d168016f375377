//! What a user sees that may do little: as much as the server lets it, and what is missing by name.

use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use super::api::Api;
use super::fake::{Answer, Fake, cursor};

fn denied() -> Answer {
    Answer::With(doc! { "ok": 0.0, "code": 13, "codeName": "Unauthorized",
    "errmsg": "not authorized on app to execute command" })
}

/// The privileges of a user as `connectionStatus` tells them.
fn privileges() -> Answer {
    let on = |resource: Document| doc! { "resource": resource, "actions": ["find"] };
    let listed = vec![
        on(doc! { "db": "shop", "collection": "orders" }),
        on(doc! { "db": "shop", "collection": "items" }),
        on(doc! { "db": "shop", "collection": "" }),
        on(doc! { "db": "", "collection": "everywhere" }),
        on(doc! { "db": "blog", "collection": "posts" }),
        doc! { "resource": { "cluster": true }, "actions": ["hello"] },
    ];
    Answer::With(doc! { "authInfo": { "authenticatedUserPrivileges": listed }, "ok": 1.0 })
}

/// Lists as a server does for a user that may list so much and no more.
async fn server(allowed: impl Fn(&Document) -> bool + Send + Sync + 'static) -> (Fake, Api) {
    let fake = Fake::standalone(move |name, command| match name {
        "connectionStatus" => privileges(),
        "listDatabases" | "listCollections" | "collStats" if !allowed(command) => denied(),
        "listDatabases" => Answer::With(doc! {
            "databases": [{ "name": "shop" }, { "name": "blog" }], "ok": 1.0,
        }),
        "listCollections" => cursor(0, vec![doc! { "name": "orders", "type": "collection" }]),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    (fake, api)
}

fn only_names(command: &Document) -> bool {
    command.get_bool("nameOnly").unwrap_or(false)
}

async fn list(api: &Api, path: &str) -> Value {
    let (status, answer) = api.at("GET", path, Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"].clone()
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_list_names_alone_is_shown_names() {
    let (fake, api) = server(only_names).await;
    let databases = list(&api, "/databases").await;
    assert_eq!(names(&databases), ["blog", "shop"]);
    assert!(databases[0]["size_on_disk"].is_null() && databases[0]["empty"].is_null());
    assert_eq!(databases[0]["collections"], 1);

    let collections = list(&api, "/databases/shop/collections").await;
    assert_eq!(names(&collections), ["orders"]);
    assert!(collections[0]["info"].is_null(), "{collections}");
    let asked = fake.asked("listCollections");
    let last = asked.last().unwrap();
    assert!(last.get_bool("nameOnly").unwrap() && last.get_bool("authorizedCollections").unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_list_nothing_is_shown_what_its_privileges_name() {
    let (_fake, api) = server(|_| false).await;
    for path in ["/databases", "/databases?info=false"] {
        let (status, answer) = api.at("GET", path, Value::Null).await;
        assert_eq!((status, names(&answer["data"])), (200, vec!["blog", "shop"]), "{answer}");
        assert!(answer["data"][0]["collections"].is_null());
    }
    // A privilege on a collection of every database counts in this one as well.
    let collections = list(&api, "/databases/shop/collections").await;
    assert_eq!(names(&collections), ["everywhere", "items", "orders"]);
    assert_eq!(names(&list(&api, "/databases/blog/collections").await), ["everywhere", "posts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_is_named() {
    let fake = Fake::standalone(|name, _| match name {
        "find" | "profile" | "dbStats" | "insert" | "drop" => denied(),
        "listCollections" => cursor(0, vec![doc! { "name": "c", "type": "collection" }]),
        _ => Answer::Done,
    })
    .await;
    let api = Api::of(&fake.url(), "c");
    let document = json!({ "document": { "a": 1 } });
    for (method, path, body) in [
        ("GET", "/databases/app/collections/c/documents", Value::Null),
        ("POST", "/databases/app/collections/c/documents", document),
        ("GET", "/databases/app/stats", Value::Null),
        ("GET", "/databases/app/profile", Value::Null),
        ("DELETE", "/databases/app/collections/c?confirm=c", Value::Null),
    ] {
        let (status, answer) = api.at(method, path, body).await;
        let error = &answer["error"];
        assert_eq!((status, &error["code"]), (403, &json!("PERMISSION_DENIED")), "{path}");
        assert_eq!(error["outcome"], "not_applied", "{path}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("does not allow this to the connection's user"), "{message}");
        assert!(message.contains("not authorized on app"), "{message}");
    }
}
