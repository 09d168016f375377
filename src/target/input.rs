//! What a user gives: a connection string, or fields, or both.

use std::fmt;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::{Map, Value};

use super::DatabaseType;

/// Where to connect to. What the connection string names and what the fields name must agree.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TargetInput {
    /// `redis://`, `rediss://`, `mongodb://`, `mongodb+srv://`, `postgresql://` or `https://`.
    #[serde(alias = "connectionString", deserialize_with = "secret")]
    #[schemars(with = "Option<String>")]
    pub connection_string: Option<SecretString>,
    /// Host name or address.
    pub host: Option<String>,
    /// TCP port.
    #[serde(deserialize_with = "port")]
    #[schemars(with = "Option<u16>")]
    pub port: Option<u16>,
    /// Database to use; the number of one for Redis.
    #[serde(alias = "databaseName", alias = "database")]
    pub database_name: Option<String>,
    /// User or role.
    pub username: Option<String>,
    /// Password; the API key of a Bun API.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "Option<String>")]
    pub password: Option<SecretString>,
    /// Options by name; only those on the list of the database type are accepted.
    #[serde(alias = "config")]
    pub options: Option<Map<String, Value>>,
}

/// Which options are acceptable here.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Operator and user are the same people: certificate checks may be turned off.
    pub self_hosted: bool,
}

impl TargetInput {
    /// The input that is nothing but a connection string.
    pub fn from_connection_string(connection_string: impl Into<String>) -> Self {
        Self { connection_string: Some(connection_string.into().into()), ..Self::default() }
    }

    /// Whether nothing at all was given.
    pub fn is_empty(&self) -> bool {
        let Self { connection_string, host, port, database_name, username, password, options } =
            self;
        connection_string.is_none()
            && host.is_none()
            && port.is_none()
            && database_name.is_none()
            && username.is_none()
            && password.is_none()
            && options.is_none()
    }
}

/// Options may hold secrets too, so only their names are shown.
impl fmt::Debug for TargetInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = self.options.as_ref().map(|options| options.keys().collect::<Vec<_>>());
        f.debug_struct("TargetInput")
            .field("connection_string", &self.connection_string)
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database_name", &self.database_name)
            .field("username", &self.username)
            .field("password", &self.password)
            .field("options", &options)
            .finish()
    }
}

/// A secret that is there and not empty.
pub(super) fn given(secret: Option<&SecretString>) -> Option<&SecretString> {
    secret.filter(|secret| !secret.expose_secret().is_empty())
}

/// The usual message on a wrong type quotes the value.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let text: Option<String> =
        Option::deserialize(deserializer).map_err(|_| de::Error::custom("expected text"))?;
    Ok(text.map(SecretString::from))
}

/// A number, or a form field's text of one.
fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Port {
        Number(u16),
        Text(String),
    }

    let wrong = || de::Error::custom("expected a port from 1 to 65535");
    let port = match Option::<Port>::deserialize(deserializer).map_err(|_| wrong())? {
        None => return Ok(None),
        Some(Port::Number(port)) => port,
        Some(Port::Text(text)) if text.is_empty() => return Ok(None),
        Some(Port::Text(text)) => text.parse().map_err(|_| wrong())?,
    };
    if port == 0 { Err(wrong()) } else { Ok(Some(port)) }
}

/// The URL of an HTTP target is often given as its host.
pub(super) fn as_url(kind: DatabaseType, input: &TargetInput) -> Option<TargetInput> {
    let url = input.host.as_ref().filter(|host| host.contains("://"))?;
    if kind != DatabaseType::BunApi || input.connection_string.is_some() {
        return None;
    }
    let connection_string = Some(url.clone().into());
    Some(TargetInput { connection_string, host: None, ..input.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<TargetInput, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn the_names_of_both_documents_are_read() {
        let input = read(
            r#"{"connectionString":"redis://h","databaseName":"d","config":{"db":1},"port":"1"}"#,
        )
        .unwrap();
        assert_eq!(input.connection_string.unwrap().expose_secret(), "redis://h");
        assert_eq!(input.database_name.as_deref(), Some("d"));
        assert_eq!(input.options.unwrap()["db"], 1);
        assert_eq!(input.port, Some(1));
        let input = read(r#"{"host":"h","port":6379,"password":null,"options":{}}"#).unwrap();
        assert_eq!((input.port, input.password.is_none()), (Some(6379), true));
        assert!(read("{}").unwrap().is_empty());
    }

    #[test]
    fn a_port_out_of_range_is_refused() {
        for port in ["0", "65536", "-1", "\"x\"", "1.5", "[]"] {
            let error = read(&format!(r#"{{"port":{port}}}"#)).unwrap_err().to_string();
            assert!(error.contains("1 to 65535"), "{error}");
        }
    }

    #[test]
    fn no_secret_is_in_the_debug_output_or_in_an_error() {
        let input = read(
            r#"{"connection_string":"redis://:canary@h","password":"canary",
                "options":{"client_pem":"canary"}}"#,
        )
        .unwrap();
        assert!(!format!("{input:?}").contains("canary"));
        let error = read(r#"{"password":20260101}"#).unwrap_err().to_string();
        assert!(!error.contains("20260101"), "{error}");
    }
}
