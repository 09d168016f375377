//! What is done to many keys, as a stream of records.

use std::sync::Arc;

use serde_json::Value;
use studio_multidb::api::http::Request;
use studio_multidb::request::upload::Upload;
use studio_multidb::service::Service;

use crate::fixtures::Records;
use crate::http::request;

/// Changes many keys.
pub(crate) async fn bulk(service: &Arc<Service>, body: Value) -> Result<Records, (u16, Value)> {
    Records::open(service, request("POST", "/keys/bulk", &body)).await
}

/// Imports a file while it arrives.
pub(crate) async fn import(
    service: &Arc<Service>,
    query: &str,
    file: Upload,
) -> Result<Records, (u16, Value)> {
    let request = request("POST", &format!("/import?{query}"), &Value::Null);
    Records::open(service, Request { upload: Some(file), ..request }).await
}

/// Exports keys.
pub(crate) async fn export(service: &Arc<Service>, query: &str) -> Result<Records, (u16, Value)> {
    Records::open(service, request("GET", &format!("/export?{query}"), &Value::Null)).await
}
