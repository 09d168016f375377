//! What of a target is stored unsealed and shown.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::draft::MASK;
use super::{DatabaseType, Endpoint, Tls, host, uri};

/// A target without its secrets, as the registry's columns hold it. Together with the password it
/// can be given to [`super::Target::parse`] again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    /// First host.
    pub host: Option<String>,
    /// Its port; `None` for `mongodb+srv`, and for a Bun API on its scheme's own port.
    pub port: Option<u16>,
    /// Database; `None` for Redis (its number is `options.db`) and for a Bun API.
    pub database_name: Option<String>,
    /// User or role.
    pub username: Option<String>,
    /// Options on the list, none of them secret.
    pub options: Map<String, Value>,
}

impl Columns {
    /// The connection string as it is shown: `redis://default:***@host:6379/0`.
    ///
    /// Where there is a password, it is `***`. Certificates are left out.
    pub fn masked(&self, kind: DatabaseType, has_password: bool) -> String {
        let hidden = |name: &str| name.ends_with("_pem");
        let spelling = kind.spelling();
        // The default user of Redis is shown, as in every example of it.
        let shown = self.username.as_deref().or(spelling.default_user.filter(|_| has_password));
        let password = (has_password && spelling.has_password).then_some(MASK);
        self.write(kind, shown, password, hidden)
    }

    /// The connection string that parses to the same target, but for secrets other than the
    /// password.
    pub(super) fn connection_string(&self, kind: DatabaseType, password: Option<&str>) -> String {
        let password = password.map(uri::encode);
        self.write(kind, self.username.as_deref(), password.as_deref(), |_| false)
    }

    fn write(
        &self,
        kind: DatabaseType,
        username: Option<&str>,
        password: Option<&str>,
        hidden: impl Fn(&str) -> bool,
    ) -> String {
        let spelling = kind.spelling();
        let mut text = format!("{}://", (spelling.scheme)(&self.options));
        if username.is_some() || password.is_some() {
            text += &username.map(uri::encode).unwrap_or_default();
            if let Some(password) = password {
                text.push(':');
                text += password;
            }
            text.push('@');
        }
        text += &self.hosts().join(",");
        text.push('/');
        text += &(spelling.path)(self);
        let mut separator = '?';
        for (name, value) in &self.options {
            let said_before = name == "hosts" || spelling.says.contains(&name.as_str());
            let (name, value) = match value {
                Value::Object(sentinel) if name == "sentinel" => {
                    ("sentinel_master", sentinel.get("master").unwrap_or(&Value::Null))
                }
                value => (name.as_str(), value),
            };
            if said_before || hidden(name) {
                continue;
            }
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.push(separator);
            text.extend([name, "=", uri::encode(&value).as_str()]);
            separator = '&';
        }
        text
    }

    fn hosts(&self) -> Vec<String> {
        let first = host::bracketed(self.host.as_deref().unwrap_or_default());
        let mut hosts = vec![match self.port {
            Some(port) => format!("{first}:{port}"),
            None => first,
        }];
        let more = |list: Option<&Value>| {
            list.and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|item| match item {
                    Value::String(text) => Some(text.clone()),
                    Value::Object(o) => {
                        let host = host::bracketed(o.get("host")?.as_str()?);
                        Some(format!("{host}:{}", o.get("port")?))
                    }
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
        let sentinels = self.options.get("sentinel").and_then(|s| s.get("sentinels"));
        for host in more(self.options.get("hosts")).into_iter().chain(more(sentinels)) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        hosts
    }
}

/// All but the first endpoint, as the `hosts` option.
pub(super) fn more_hosts(options: &mut Map<String, Value>, endpoints: &[Endpoint]) {
    if let [_, more @ ..] = endpoints
        && !more.is_empty()
    {
        let more = more.iter().map(|e| Value::String(e.to_string())).collect();
        options.insert("hosts".to_owned(), Value::Array(more));
    }
}

/// Puts an option there when it has a value.
pub(super) fn put(options: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        options.insert(name.to_owned(), value.into());
    }
}

/// The options that say how TLS is used. `by_default` is what holds when `tls` is not named.
pub(super) fn put_tls(options: &mut Map<String, Value>, tls: Option<&Tls>, by_default: bool) {
    put(options, "tls", Some(tls.is_some()).filter(|on| *on != by_default));
    let Some(tls) = tls else { return };
    put(options, "tls_verify", tls.insecure.then_some(false));
    put(options, "tls_any_name", tls.any_name.then_some(true));
    put(options, "ca_pem", tls.ca_pem.clone());
}
