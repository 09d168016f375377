//! The connection manager as JavaScript sees it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{Buffer, Env, Unknown};
use napi_derive::napi;
use serde::Serialize;

use super::answer::Answer;
use super::errors::thrown;
use super::launch::{Cancellation, launch, start};
use super::runtime;
use super::stream::{ByteStream, Upload};
use crate::access::User;
use crate::api::call::call;
use crate::api::dispatch::Caller;
use crate::api::http::{Request, handle};
use crate::api::platform_query;
use crate::api::router::{by_name, takes_upload};
use crate::config::Config;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::json::Writer;
use crate::registry::direct::Direct;
use crate::request::context::Accept;
use crate::request::reply::Body;
use crate::service::Service;

/// Inputs of fewer bytes are read on the calling thread, where their operation is brief.
const BEGIN_BELOW: usize = 512;

/// An HTTP request, as an adapter hands it over.
#[napi(object, object_to_js = false)]
pub struct HandleRequest {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Path as it was sent, still percent-encoded, without the query.
    pub path: String,
    /// Query string without the question mark.
    pub query: Option<String>,
    /// Header values by name, in any spelling. `Host`, `Origin`, `Referer`, `Sec-Fetch-…` and
    /// `Content-Type` tell what other sites' pages made a browser send: pass them on. Without `host` a
    /// request is the program's own. Of `authorization` and `cookie` only the presence counts.
    pub headers: Option<HashMap<String, String>>,
    /// The body's bytes; copied before the call returns.
    pub body: Option<Buffer>,
    /// Id of the authenticated user; a blank one is nobody's.
    #[napi(ts_type = "string | null")]
    pub user: Option<String>,
    /// The peer's address.
    pub remote_address: Option<String>,
    /// Origins that may send writes and open sockets, besides the configured ones.
    pub allowed_origins: Option<Vec<String>>,
}

/// What is behind `ConnectionManager`: those of one configuration share the connections of a process.
#[napi]
pub struct NativeManager {
    service: Arc<Service>,
}

#[napi]
impl NativeManager {
    /// Reads the configuration. `env` holds environment variables, `options` is a JSON object that
    /// overrides them. A bad value throws with its name.
    #[napi(constructor)]
    pub fn new(env: HashMap<String, String>, options: String) -> napi::Result<Self> {
        Self::configure(&env, &options).map_err(|error| thrown(&error))
    }

    fn configure(env: &HashMap<String, String>, options: &str) -> Result<Self> {
        let options = serde_json::from_str(options)
            .map_err(|_| Error::validation("the options must be an object"))?;
        let config = Config::from_variables(env, &options)?;
        let _entered = runtime::enter()?;
        crate::logging::init();
        crate::logging::hide_panic_messages();
        Ok(Self { service: Service::shared(config)? })
    }

    /// Answers an HTTP request. Never rejects: a failure is an answer. `upload` stands for the body
    /// of a request whose endpoint `takesUpload`.
    #[napi(ts_return_type = "Promise<HandleResponse>")]
    pub fn handle(
        &self,
        env: Env,
        request: HandleRequest,
        cancellation: Option<&Cancellation>,
        upload: Option<&Upload>,
    ) -> napi::Result<Unknown<'_>> {
        let service = Arc::clone(&self.service);
        let request = Request {
            method: request.method,
            path: request.path,
            query: request.query.unwrap_or_default(),
            headers: request.headers.unwrap_or_default().into_iter().collect(),
            body: request.body.map(|body| body.to_vec()).unwrap_or_default(),
            upload: upload.and_then(Upload::take),
            user: request.user.and_then(User::named),
            remote_address: request.remote_address,
            allowed_origins: request.allowed_origins.unwrap_or_default(),
        };
        start(env, cancellation, async move { Answer::Http(handle(&service, request).await) })
    }

    /// Whether the endpoint reads its body while it arrives.
    #[napi]
    #[allow(clippy::unused_self)] // where adapters look for it
    pub fn takes_upload(&self, method: String, path: String) -> bool {
        takes_upload(&method, &path)
    }

    /// Runs one operation by name. `input` is a JSON object with the operation's input, `scope`,
    /// and what else selects the connection. Resolves with the JSON text of the answer; rejects
    /// with the JSON text of the failure.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn call(
        &self,
        env: Env,
        operation: String,
        input: String,
        user: Option<String>,
        fresh: Option<bool>,
        direct: Option<String>,
        cancellation: Option<&Cancellation>,
    ) -> napi::Result<Unknown<'_>> {
        let service = Arc::clone(&self.service);
        let caller = Caller { fresh: fresh.unwrap_or(false), ..Caller::in_process(user) };
        let request_id = Arc::clone(&caller.request_id);
        let begin = input.len() < BEGIN_BELOW && by_name(&operation).is_some_and(|o| o.is_brief);
        launch(env, cancellation, begin, async move {
            let body = run(&service, &operation, &input, direct, caller).await;
            Answer::of(body.and_then(Body::whole), &request_id, Answer::Json)
        })
    }

    /// As `call`, for an operation that answers with a stream of records, line by line (NDJSON), and
    /// for one that reads a body from `upload`.
    #[napi(ts_return_type = "Promise<ByteStream>")]
    pub fn open(
        &self,
        env: Env,
        operation: String,
        input: String,
        user: Option<String>,
        direct: Option<String>,
        cancellation: Option<&Cancellation>,
        upload: Option<&Upload>,
    ) -> napi::Result<Unknown<'_>> {
        let service = Arc::clone(&self.service);
        let upload = upload.and_then(Upload::take);
        let caller = Caller { accept: Accept::Ndjson, upload, ..Caller::in_process(user) };
        let request_id = Arc::clone(&caller.request_id);
        start(env, cancellation, async move {
            let body = run(&service, &operation, &input, direct, caller).await;
            let id = Arc::clone(&request_id);
            let made = |feed| Answer::Stream(ByteStream::new(feed, id));
            Answer::of(body.and_then(Body::stream), &request_id, made)
        })
    }

    /// Applies the migrations to the platform database; with `dryRun` it only says which. Resolves
    /// with the JSON text of a report.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn migrate(&self, env: Env, dry_run: bool) -> napi::Result<Unknown<'_>> {
        let service = Arc::clone(&self.service);
        start(env, None, async move { report(service.registry.migrate(dry_run).await) })
    }

    /// Seals every stored secret anew under the first key. It may be killed and run again at any
    /// moment. Resolves with the JSON text of a report.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn rotate_keys(&self, env: Env) -> napi::Result<Unknown<'_>> {
        let service = Arc::clone(&self.service);
        start(env, None, async move { report(service.registry.rotate_keys().await) })
    }

    /// What a user may do in a project: `read`, `write` or `admin`. Rejects where it is nothing.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn permission(
        &self,
        env: Env,
        project_ref: String,
        user: Option<String>,
    ) -> napi::Result<Unknown<'_>> {
        let service = Arc::clone(&self.service);
        let user = user.and_then(User::named);
        start(env, None, async move {
            let granted = service.permission(&project_ref, user.as_ref()).await;
            Answer::of(granted, "", |granted| Answer::Json(granted.as_str().into()))
        })
    }

    /// Runs one statement on the platform database; `parameters` is a JSON array. Resolves with
    /// the JSON text of the answer.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn query_platform(
        &self,
        env: Env,
        query: String,
        parameters: String,
    ) -> napi::Result<Unknown<'_>> {
        let service = Arc::clone(&self.service);
        start(env, None, async move {
            let body = platform_query::run(&service, &query, &parameters).await;
            Answer::of(body, "", Answer::Json)
        })
    }

    /// Counts a request of a user, or where there is none of an address, who may make `limit` per
    /// window. Returns 0, or how many milliseconds to wait.
    #[napi]
    pub fn admit(&self, user: Option<String>, address: String, limit: u32, window_ms: u32) -> u32 {
        let window = Duration::from_millis(window_ms.into());
        let user = user.and_then(User::named);
        let wait = self.service.limiter.admit_to_host(user, &address, limit, window);
        let wait = wait.unwrap_or_default();
        u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(u32::from(!wait.is_zero()))
    }

    /// Writes one line to the log: how an operation of the caller's own went.
    #[napi]
    #[allow(clippy::unused_self)] // without a manager there is no log
    pub fn log(
        &self,
        operation: String,
        project_ref: String,
        database_type: String,
        duration_ms: f64,
        error: Option<String>,
    ) {
        if let Some(error) = error {
            tracing::error!(operation, project_ref, database_type, duration_ms, error);
        } else {
            tracing::info!(operation, project_ref, database_type, duration_ms);
        }
    }

    /// Closes the clients of one type; the next request opens them again.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close_clients(&self, env: Env, database_type: String) -> napi::Result<Unknown<'_>> {
        let service = Arc::clone(&self.service);
        start(env, None, async move {
            service.pools.close_type(&database_type).await;
            Answer::Done
        })
    }

    /// Stops intake, and lets running requests finish for up to `timeoutMs`. The last manager of a
    /// configuration then closes every socket.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn shutdown(&self, env: Env, timeout_ms: u32) -> napi::Result<Unknown<'_>> {
        let service = Arc::clone(&self.service);
        let timeout = Duration::from_millis(timeout_ms.into());
        start(env, None, async move {
            service.shutdown(Deadline::after(timeout)).await;
            Answer::Done
        })
    }
}

async fn run(
    service: &Arc<Service>,
    operation: &str,
    input: &str,
    direct: Option<String>,
    caller: Caller,
) -> Result<Body> {
    let direct = direct.map(|text| Direct::parse(&text)).transpose()?;
    let caller = Caller { direct, ..caller };
    Ok(call(service, operation, input.as_bytes(), caller).await?.body)
}

fn report(result: Result<impl Serialize>) -> Answer {
    let written = result.and_then(|report| {
        let mut out = Writer::new();
        out.value(&report)?;
        Ok(out.into_bytes())
    });
    Answer::of(written, "", Answer::Json)
}
