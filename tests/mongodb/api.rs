//! The operations of the server under test as HTTP requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};
use studio_multidb::api::http::{Request, Response, handle};
use studio_multidb::config::Config;
use studio_multidb::request::upload::Upload;
use studio_multidb::service::Service;

use super::support::server;

pub(super) struct Api {
    pub(super) service: Arc<Service>,
    pub(super) base: String,
}

// Services are shared by configuration, and each test has a runtime of its own.
static TESTS: AtomicUsize = AtomicUsize::new(100);

/// The API of the server under test and a collection that is empty.
pub(super) async fn api(collection: &str) -> Option<Api> {
    let url = server("TEST_MONGODB_URL")?;
    let api = Api::of(&url, collection);
    let empty = json!({
        "pipeline": [{ "$match": { "_id": { "$in": [] } } }, { "$out": collection }],
        "confirm": true,
    });
    let (status, answer) = api.send("POST", "/aggregate", "", Some(empty)).await;
    assert_eq!(status, 200, "{answer}");
    Some(api)
}

impl Api {
    /// The API of any server.
    pub(super) fn of(url: &str, collection: &str) -> Self {
        Self::within(Duration::from_secs(30), url, collection)
    }

    /// The same, for requests that must not take longer.
    pub(super) fn within(time: Duration, url: &str, collection: &str) -> Self {
        let test = TESTS.fetch_add(1, Ordering::Relaxed).to_string();
        let env = |name: &str| match name {
            "MONGODB_URL" => Some(url.to_owned()),
            "MULTIDB_MAX_CLIENTS" => Some(test.clone()),
            "MULTIDB_REQUEST_TIMEOUT_MS" => Some(time.as_millis().to_string()),
            _ => None,
        };
        let service = Service::shared(Config::from_env(env, &Map::new()).unwrap()).unwrap();
        let base = format!("/databases/studio_multidb_test/collections/{collection}");
        Self { service, base }
    }

    /// Inserts `documents` into the collection.
    pub(super) async fn insert(&self, documents: &[Value]) {
        let body = json!({ "documents": documents });
        let (status, answer) = self.send("POST", "/documents", "", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Sends a request below the collection.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        query: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        self.at(method, &format!("{}{path}", self.base), query, body).await
    }

    pub(super) async fn at(
        &self,
        method: &str,
        path: &str,
        query: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let (status, bytes) = self.bytes(method, path, query, body).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    pub(super) async fn bytes(
        &self,
        method: &str,
        path: &str,
        query: &str,
        body: Option<Value>,
    ) -> (u16, Vec<u8>) {
        let response = self.response(method, path, query, body, &[]).await;
        (response.status, response.body.whole().unwrap())
    }

    /// Sends a body that is no value of JSON as this program has them.
    pub(super) async fn text(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = Request {
            method: method.to_owned(),
            path: format!("/api/platform/mongodb/default{}{path}", self.base),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        let response = handle(&self.service, request).await;
        let status = response.status;
        (status, serde_json::from_slice(&response.body.whole().unwrap()).unwrap())
    }

    /// The answer as it is, which may be a stream.
    pub(super) async fn response(
        &self,
        method: &str,
        path: &str,
        query: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Response {
        let request = Request {
            method: method.to_owned(),
            path: format!("/api/platform/mongodb/default{path}"),
            query: query.to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            ..Request::default()
        };
        handle(&self.service, request).await
    }

    /// What is answered to an import whose file is on its way.
    pub(super) async fn import(&self, upload: Upload) -> Response {
        let request = Request {
            method: "POST".to_owned(),
            path: format!("/api/platform/mongodb/default{}/import", self.base),
            upload: Some(upload),
            ..Request::default()
        };
        handle(&self.service, request).await
    }
}

pub(super) fn encoded(json: &Value) -> String {
    percent_encoding::utf8_percent_encode(&json.to_string(), percent_encoding::NON_ALPHANUMERIC)
        .to_string()
}
