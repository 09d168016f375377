//! The operations of the server under test as HTTP requests.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use studio_multidb::api::http::{Request, Response, handle};
use studio_multidb::request::upload::Upload;
use studio_multidb::service::Service;

use crate::fixtures::{Records, ask, door, given, service_of};

pub(super) struct Api {
    pub(super) service: Arc<Service>,
    /// The path of a collection.
    pub(super) base: String,
}

/// The API of the server under test and a collection that is empty.
pub(super) async fn api(collection: &str) -> Option<Api> {
    let url = given("TEST_MONGODB_URL")?;
    let api = Api::of(&url, collection);
    let empty = json!({
        "pipeline": [{ "$match": { "_id": { "$in": [] } } }, { "$out": collection }],
        "confirm": true,
    });
    api.ok("POST", "/aggregate", empty).await;
    Some(api)
}

impl Api {
    /// The API of any server.
    pub(super) fn of(url: &str, collection: &str) -> Self {
        Self::within(Duration::from_secs(30), url, collection)
    }

    /// The same, for requests that must not take longer.
    pub(super) fn within(time: Duration, url: &str, collection: &str) -> Self {
        let time = time.as_millis().to_string();
        let settings = [("MONGODB_URL", url), ("MULTIDB_REQUEST_TIMEOUT_MS", &*time)];
        let service = service_of(&settings);
        let base = format!("/databases/studio_multidb_test/collections/{collection}");
        Self { service, base }
    }

    /// Inserts `documents` into the collection.
    pub(super) async fn insert(&self, documents: &[Value]) {
        let body = json!({ "documents": documents });
        let (status, answer) = self.send("POST", "/documents", body).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// A request below the collection, whose path may have a query.
    pub(super) fn request(&self, method: &str, path: &str, body: &Value) -> Request {
        request(method, &format!("{}{path}", self.base), body)
    }

    /// Status and JSON of the answer to such a request.
    pub(super) async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        ask(&self.service, self.request(method, path, &body)).await
    }

    /// The answer to such a request, which is done.
    pub(super) async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.send(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, Value::Null).await
    }

    /// The same below the connection.
    pub(super) async fn at(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        ask(&self.service, request(method, path, &body)).await
    }

    /// Sends a body as it is: `serde_json` has not every number, and does not go as deep as we do.
    pub(super) async fn text(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let body = body.as_bytes().to_vec();
        let request = Request { body, ..self.request(method, path, &Value::Null) };
        let response = handle(&self.service, request).await;
        (response.status, String::from_utf8(response.body.whole().unwrap()).unwrap())
    }

    /// The records of an answer that is a stream.
    pub(super) async fn records(&self, method: &str, path: &str, body: &Value) -> Records {
        Records::open(&self.service, self.request(method, path, body)).await.unwrap()
    }

    /// What is answered to an import whose file is on its way.
    pub(super) async fn import(&self, upload: Upload) -> Response {
        let request = self.request("POST", "/import", &Value::Null);
        handle(&self.service, Request { upload: Some(upload), ..request }).await
    }
}

/// A request below the connection.
pub(super) fn request(method: &str, path: &str, body: &Value) -> Request {
    door::request(method, &format!("/mongodb/default{path}"), body)
}
