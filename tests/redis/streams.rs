//! Answers that are read record by record.

use std::sync::Arc;

use serde_json::Value;
use studio_multidb::access::User;
use studio_multidb::api::http::{Request, handle};
use studio_multidb::request::feed::Feed;
use studio_multidb::request::reply::Body;
use studio_multidb::request::upload::Upload;
use studio_multidb::service::Service;

/// What is sent besides method and path.
#[derive(Default)]
pub(crate) struct Sent {
    /// The JSON body.
    pub(crate) body: Value,
    /// The body that is read while it arrives.
    pub(crate) upload: Option<Upload>,
    /// The connection's id; else it is the one of the environment.
    pub(crate) scope: Option<String>,
    /// Who asks.
    pub(crate) user: Option<User>,
}

/// The records of a stream, one after the other.
pub(crate) struct Records {
    feed: Feed,
    rest: Vec<u8>,
}

impl Records {
    /// Sends a request below a connection; fails with status and answer where no stream
    /// comes.
    pub(crate) async fn open(
        service: &Arc<Service>,
        method: &str,
        path: &str,
        sent: Sent,
    ) -> Result<Self, (u16, Value)> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let Sent { body, upload, scope, user } = sent;
        let scope = scope.as_deref().unwrap_or("default");
        let request = Request {
            method: method.to_owned(),
            path: format!("/api/platform/redis/{scope}{path}"),
            query: query.to_owned(),
            headers: vec![("accept".to_owned(), "application/x-ndjson".to_owned())],
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            upload,
            user,
            ..Request::default()
        };
        let response = handle(service, request).await;
        match response.body {
            Body::Stream(feed) => Ok(Self { feed, rest: Vec::new() }),
            Body::Whole(body) => Err((response.status, serde_json::from_slice(&body).unwrap())),
        }
    }

    /// What the work is stopped by.
    pub(crate) fn job(&self) -> String {
        self.feed.job.unwrap().to_string()
    }

    /// The next line, its end included.
    pub(crate) async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.rest.iter().position(|&byte| byte == b'\n') {
                let rest = self.rest.split_off(at + 1);
                return Some(std::mem::replace(&mut self.rest, rest));
            }
            let Some(chunk) = self.feed.next().await else {
                assert!(self.rest.is_empty(), "the last line has no end");
                return None;
            };
            self.rest.extend(chunk.unwrap());
        }
    }

    /// The next record.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let line = self.line().await?;
        Some(serde_json::from_slice(&line).unwrap())
    }

    /// All that is left.
    pub(crate) async fn all(mut self) -> Vec<Value> {
        let mut records = Vec::new();
        while let Some(record) = self.next().await {
            records.push(record);
        }
        records
    }
}

/// The members with this name of all records that have it.
pub(crate) fn told<'a>(records: &'a [Value], name: &str) -> Vec<&'a Value> {
    records.iter().filter_map(|record| record.get(name)).collect()
}
