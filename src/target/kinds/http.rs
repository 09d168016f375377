//! HTTP targets ("Bun API").

use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

use super::spelling::{Spelling, flag};
use crate::error::{Error, Result};
use crate::target::caller_headers::CallerHeaders;
use crate::target::columns::{Columns, put, put_tls};
use crate::target::draft::{Draft, agree_secret, wrong_scheme};
use crate::target::endpoint::Endpoint;
use crate::target::host;
use crate::target::reader_paths::ReaderPaths;
use crate::target::tls::Tls;

/// Where HTTP requests go.
#[derive(Debug, Clone)]
pub struct HttpTarget {
    /// Requests may only go below it; ends with `/`, and has no user, query or fragment.
    pub base_url: Url,
    /// Injected as `Authorization: Bearer …`.
    pub api_key: Option<SecretString>,
    /// TLS settings for `https`; `None` for `http`.
    pub tls: Option<Tls>,
    /// Most connections the user wants; the installation's limit holds besides.
    pub pool_size: Option<u32>,
    /// What readers may ask for; others need write permission for anything else. `None`: everything
    /// that only reads.
    pub reader_paths: Option<ReaderPaths>,
    /// Headers that callers may set besides those that all may.
    pub request_headers: CallerHeaders,
    /// Milliseconds a connection attempt may take.
    pub connect_timeout_ms: Option<u64>,
}

impl HttpTarget {
    pub(super) fn read(draft: &mut Draft) -> Result<Self> {
        let secure = match draft.scheme() {
            None => None,
            Some("https") => Some(true),
            Some("http") => Some(false),
            Some(_) => return Err(wrong_scheme("https:// or http://")),
        };
        // A user name and password in a URL would be Basic credentials, and are easily shown or
        // logged by whoever handles the URL.
        if draft.has_userinfo() {
            return Err(Error::validation(
                "a user or password in the URL is not supported; give the API key as `password`",
            ));
        }
        let api_key =
            agree_secret("api_key", draft.password()?, draft.options.secret(&["api_key"])?)?;
        if draft.username()?.is_some() || draft.database_field().is_some() {
            return Err(Error::validation("a Bun API takes neither username nor database_name"));
        }
        let tls = draft.tls(secure.unwrap_or(true))?;
        if secure.is_some_and(|secure| secure != tls.is_some()) {
            return Err(Error::validation("`tls` contradicts the scheme of the URL"));
        }
        let default_port = if tls.is_some() { 443 } else { 80 };
        let endpoint = draft.endpoint(default_port)?;
        let option_path = draft.options.text(&["path", "base_path"])?;
        let path = match (draft.path(), option_path) {
            (Some(_), Some(_)) => {
                return Err(Error::validation("the path is given in the URL and as an option"));
            }
            (a, b) => a.map(str::to_owned).or(b).unwrap_or_default(),
        };
        Ok(Self {
            base_url: base_url(tls.is_some(), &endpoint, &path)?,
            api_key,
            tls,
            pool_size: draft.pool_size()?,
            reader_paths: draft.options.take(&["reader_paths"], ReaderPaths::read)?,
            request_headers: draft
                .options
                .take(&["request_headers"], CallerHeaders::read)?
                .unwrap_or_default(),
            connect_timeout_ms: draft.milliseconds(&["connect_timeout_ms", "connect_timeout"])?,
        })
    }

    /// Host and port that are connected to.
    pub fn endpoint(&self) -> Endpoint {
        let host = self.base_url.host_str().unwrap_or_default();
        Endpoint {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: self.base_url.port_or_known_default().unwrap_or(443),
        }
    }

    pub(super) fn columns(&self) -> Columns {
        let mut options = Map::new();
        put_tls(&mut options, self.tls.as_ref(), true);
        put(&mut options, "path", Some(self.base_url.path()).filter(|path| *path != "/"));
        put(&mut options, "pool_size", self.pool_size);
        put(&mut options, "reader_paths", self.reader_paths.as_ref().map(ReaderPaths::to_text));
        put(&mut options, "request_headers", self.request_headers.to_text());
        put(&mut options, "connect_timeout_ms", self.connect_timeout_ms);
        Columns {
            host: Some(self.endpoint().host),
            port: self.base_url.port(),
            database_name: None,
            username: None,
            options,
        }
    }
}

pub(super) const SPELLING: Spelling = Spelling {
    scheme: |options| if flag(options, "tls") == Some(false) { "http" } else { "https" },
    path: |Columns { options, .. }| {
        let path = options.get("path").and_then(Value::as_str).unwrap_or_default();
        path.trim_start_matches('/').to_owned()
    },
    says: &["path", "tls"],
    default_user: None,
    has_password: false,
};

fn base_url(secure: bool, endpoint: &Endpoint, path: &str) -> Result<Url> {
    let wrong = || Error::validation("the path of the URL cannot be used as a base");
    let path = path.trim_start_matches('/');
    if path.contains(['?', '#', '\\']) || path.chars().any(|c| c.is_control() || c == ' ') {
        return Err(wrong());
    }
    let scheme = if secure { "https" } else { "http" };
    let host = host::bracketed(&endpoint.host);
    let slash = if path.is_empty() || path.ends_with('/') { "" } else { "/" };
    let text = format!("{scheme}://{host}:{}/{path}{slash}", endpoint.port);
    Url::parse(&text).map_err(|_| wrong())
}
