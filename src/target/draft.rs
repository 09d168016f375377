//! Connection string and fields put together, before a backend reads them.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::input::{TargetInput, given};
use super::options::Options;
use super::tls::{self, Tls};
use super::uri::{self, Uri};
use super::{Endpoint, Rules, host};
use crate::deadline::MAX_TIMEOUT_MS;
use crate::error::{Error, Result};

/// How a password is shown; it is never a password.
pub(super) const MASK: &str = "***";

/// The most nodes a target may name.
const MAX_ENDPOINTS: usize = 64;

/// What was given, from both places.
pub(super) struct Draft {
    uri: Option<Uri>,
    fields: TargetInput,
    pub(super) options: Options,
    rules: Rules,
}

impl Draft {
    pub(super) fn new(input: &TargetInput, rules: Rules) -> Result<Self> {
        refuse_nul(input)?;
        let mut options = Options::default();
        let text = given(input.connection_string.as_ref());
        let uri = text.map(|text| Uri::parse(text.expose_secret())).transpose()?;
        for (name, value) in uri.iter().flat_map(|uri| &uri.query) {
            options.add(name.clone(), Value::String(value.clone()));
        }
        if let Some(object) = &input.options {
            options.add_all(object);
        }
        // The path of an HTTP service is not decoded.
        if uri.as_ref().is_some_and(|uri| uri.path.contains("%00")) {
            return Err(holds_nul("connection_string"));
        }
        Ok(Self { uri, fields: input.clone(), options, rules })
    }

    /// The scheme of the connection string, if there is one.
    pub(super) fn scheme(&self) -> Option<&str> {
        self.uri.as_ref().map(|uri| uri.scheme.as_str())
    }

    /// What follows the host in the connection string, still encoded; `None` when it is empty.
    pub(super) fn path(&self) -> Option<&str> {
        self.uri.as_ref().map(|uri| uri.path.as_str()).filter(|path| !path.is_empty())
    }

    /// Whether the connection string itself holds a user or password.
    pub(super) fn has_userinfo(&self) -> bool {
        self.uri.as_ref().is_some_and(|uri| uri.username.is_some() || uri.password.is_some())
    }

    pub(super) fn database_field(&self) -> Option<&str> {
        self.fields.database_name.as_deref().filter(|name| !name.is_empty())
    }

    /// The database, where the whole path of the string is its name.
    pub(super) fn database(&self) -> Result<Option<String>> {
        let path = self.path();
        if path.is_some_and(|path| path.contains('/')) {
            return Err(Error::validation(
                "more than a database name follows the host in the connection string",
            ));
        }
        let path = path.map(|path| uri::decode(path, "the database name")).transpose()?;
        agree("database_name", path, self.database_field().map(str::to_owned))
    }

    pub(super) fn username(&self) -> Result<Option<String>> {
        let field = self.fields.username.clone().filter(|name| !name.is_empty());
        agree("username", self.uri.as_ref().and_then(|uri| uri.username.clone()), field)
    }

    pub(super) fn password(&self) -> Result<Option<SecretString>> {
        let string = self.uri.as_ref().and_then(|uri| uri.password.clone());
        agree_secret("password", string, given(self.fields.password.as_ref()).cloned())
    }

    /// All nodes: those of the string or the fields, then those of the `hosts` option.
    pub(super) fn endpoints(&mut self, default_port: u16) -> Result<Vec<Endpoint>> {
        let more = self.options.take(&["hosts"], |value| endpoint_list(value, default_port))?;
        let field = self.fields.host.as_deref().filter(|host| !host.is_empty());
        let field = field.map(host::normalise).transpose().map_err(|e| e.context("`host`"))?;
        let hosts = match &self.uri {
            None => field.map(|host| (host, self.fields.port)).into_iter().collect(),
            Some(uri) => {
                let mut hosts = uri.hosts.clone();
                agree("host", Some(&hosts[0].0), field.as_ref())?;
                hosts[0].1 = agree("port", hosts[0].1, self.fields.port)?;
                hosts
            }
        };
        let with_port = |(host, port): (String, Option<u16>)| Endpoint {
            host,
            port: port.unwrap_or(default_port),
        };
        let mut endpoints: Vec<Endpoint> = hosts.into_iter().map(with_port).collect();
        for endpoint in more.into_iter().flatten() {
            if !endpoints.contains(&endpoint) {
                endpoints.push(endpoint);
            }
        }
        if endpoints.len() > MAX_ENDPOINTS {
            return Err(Error::validation(format!("more than {MAX_ENDPOINTS} hosts are named")));
        }
        Ok(endpoints)
    }

    /// The one node of a backend that has no several.
    pub(super) fn endpoint(&mut self, default_port: u16) -> Result<Endpoint> {
        let mut endpoints = self.endpoints(default_port)?;
        match endpoints.len() {
            0 => Err(missing_host()),
            1 => Ok(endpoints.remove(0)),
            _ => Err(Error::validation("this database type takes one host")),
        }
    }

    /// Whether the port was named anywhere.
    pub(super) fn names_port(&self) -> bool {
        self.fields.port.is_some()
            || self.uri.as_ref().is_some_and(|uri| uri.hosts.iter().any(|(_, p)| p.is_some()))
    }

    /// TLS by the `tls` option and what goes with it. `on` is what holds when nobody names it.
    pub(super) fn tls(&mut self, on: bool) -> Result<Option<Tls>> {
        let named = self.options.flag(&["tls", "ssl", "use_tls"])?;
        let settings = self.tls_settings()?;
        let has_pem = settings.ca_pem.is_some() || settings.client_pem.is_some();
        if named == Some(false) && has_pem {
            return Err(Error::validation("ca_pem and client_pem are of use with TLS only"));
        }
        let tls = (named.unwrap_or(on) || has_pem).then_some(settings);
        tls.as_ref().map(tls::client_config).transpose()?;
        Ok(tls)
    }

    /// Certificates, and what is verified.
    pub(super) fn tls_settings(&mut self) -> Result<Tls> {
        let ca_pem = self.options.text(&["ca_pem", "tls_ca_pem"])?;
        let client_pem = self.options.secret(&["client_pem", "tls_client_pem"])?;
        let insecure = match self.options.flag(&["tls_verify"])? {
            Some(verify) => Some(!verify),
            None => self.options.flag(&["tlsInsecure", "tlsAllowInvalidCertificates"])?,
        };
        let any_name = self.options.flag(&["tls_any_name", "tlsAllowInvalidHostnames"])?;
        let (insecure, any_name) = (insecure.unwrap_or(false), any_name.unwrap_or(false));
        if (insecure || any_name) && !self.rules.self_hosted {
            return Err(unverified());
        }
        Ok(Tls { ca_pem, client_pem, insecure, any_name, optional: false })
    }

    pub(super) fn self_hosted(&self) -> bool {
        self.rules.self_hosted
    }

    /// Most connections the user wants.
    pub(super) fn pool_size(&mut self) -> Result<Option<u32>> {
        let names = ["pool_size", "max_pool_size", "max_connections", "connection_limit"];
        let size = self.options.number(&names, 1, 1000)?;
        Ok(size.and_then(|size| u32::try_from(size).ok()))
    }

    /// A time in milliseconds.
    pub(super) fn milliseconds(&mut self, names: &[&str]) -> Result<Option<u64>> {
        self.options.number(names, 1, MAX_TIMEOUT_MS)
    }
}

/// No server, header or file takes it, or takes what stands before it.
fn refuse_nul(input: &TargetInput) -> Result<()> {
    let holds = |text: &str| text.contains('\0');
    let secret = |text: Option<&SecretString>| text.is_some_and(|text| holds(text.expose_secret()));
    let text = |text: Option<&String>| text.is_some_and(|text| holds(text));
    let mut options = input.options.iter().flatten();
    let found = [
        ("connection_string", secret(input.connection_string.as_ref())),
        ("host", text(input.host.as_ref())),
        ("database_name", text(input.database_name.as_ref())),
        ("username", text(input.username.as_ref())),
        ("password", secret(input.password.as_ref())),
        ("options", options.any(|(name, value)| holds(name) || value_holds_nul(value))),
    ];
    match found.into_iter().find(|(_, holds)| *holds) {
        Some((name, _)) => Err(holds_nul(name)),
        None => Ok(()),
    }
}

fn holds_nul(name: &str) -> Error {
    Error::validation(format!("`{name}` holds a NUL character"))
}

fn value_holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(value_holds_nul),
        Value::Object(object) => {
            object.iter().any(|(name, value)| name.contains('\0') || value_holds_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

pub(super) fn missing_host() -> Error {
    Error::validation("neither a `connection_string` nor a `host` is given")
}

pub(super) fn unverified() -> Error {
    Error::validation(
        "the server's certificate is always verified here; give its authority in options.ca_pem \
         (only a self-hosted installation may turn verification off)",
    )
}

/// The value that both places agree on. What they disagree on is named, never quoted.
pub(super) fn agree<T: PartialEq>(what: &str, a: Option<T>, b: Option<T>) -> Result<Option<T>> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => Err(Error::validation(format!(
            "`{what}` differs from what the connection string or the options say; give it once"
        ))),
        (a, b) => Ok(a.or(b)),
    }
}

pub(super) fn wrong_scheme(expected: &str) -> Error {
    Error::validation(format!("the connection string must begin with {expected}"))
}

/// [`agree`] for a secret; a masked one, as answers show it, is refused.
pub(super) fn agree_secret(
    what: &str,
    a: Option<SecretString>,
    b: Option<SecretString>,
) -> Result<Option<SecretString>> {
    if [&a, &b].into_iter().flatten().any(|secret| secret.expose_secret() == MASK) {
        return Err(Error::validation(format!("`{what}` is masked; give the real one")));
    }
    let same = match (&a, &b) {
        (Some(a), Some(b)) => a.expose_secret() == b.expose_secret(),
        _ => true,
    };
    agree(what, Some(same), Some(true))?;
    Ok(a.or(b))
}

/// `["h:1", { "host": "h", "port": 2 }]`, or the same separated by commas.
pub(super) fn endpoint_list(value: &Value, default_port: u16) -> Result<Vec<Endpoint>> {
    match value {
        Value::String(text) => {
            text.split(',').map(|item| endpoint_of(&item.trim().into(), default_port)).collect()
        }
        Value::Array(items) if items.len() <= MAX_ENDPOINTS => {
            items.iter().map(|item| endpoint_of(item, default_port)).collect()
        }
        _ => Err(Error::validation("expected a list of hosts")),
    }
}

fn endpoint_of(value: &Value, default_port: u16) -> Result<Endpoint> {
    let wrong = || Error::validation("expected `host:port`, or an object with `host` and `port`");
    match value {
        Value::String(text) => {
            let (host, port) = uri::host_and_port(text)?;
            Ok(Endpoint { host, port: port.unwrap_or(default_port) })
        }
        Value::Object(object) if object.keys().all(|k| k == "host" || k == "port") => {
            let host = object.get("host").and_then(Value::as_str).ok_or_else(wrong)?;
            let port = match object.get("port") {
                None | Some(Value::Null) => default_port,
                Some(port) => port
                    .as_u64()
                    .and_then(|port| u16::try_from(port).ok())
                    .filter(|&port| port > 0)
                    .ok_or_else(wrong)?,
            };
            Ok(Endpoint { host: host::normalise(host)?, port })
        }
        _ => Err(wrong()),
    }
}
