//! PostgreSQL targets.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::spelling::{self, Spelling};
use crate::error::{Error, Result};
use crate::target::columns::{Columns, put};
use crate::target::draft::{self, Draft, agree, wrong_scheme};
use crate::target::endpoint::Endpoint;
use crate::target::tls::{self, Tls};

const PORT: u16 = 5432;

/// Settings of other drivers that connection strings often carry.
const NOTES: [&str; 5] =
    ["application_name", "fallback_application_name", "schema", "pgbouncer", "pool_timeout"];

/// Where PostgreSQL connections go.
#[derive(Debug, Clone)]
pub struct PostgresTarget {
    /// Server.
    pub endpoint: Endpoint,
    /// Role.
    pub username: String,
    /// Password.
    pub password: Option<SecretString>,
    /// Database.
    pub database: String,
    /// TLS, if any.
    pub tls: Option<Tls>,
    /// Default `statement_timeout` in milliseconds.
    pub statement_timeout_ms: Option<u64>,
    /// SCRAM channel binding.
    pub channel_binding: ChannelBinding,
    /// Most connections the user wants; the installation's limit holds besides.
    pub pool_size: Option<u32>,
    /// Milliseconds a connection attempt may take.
    pub connect_timeout_ms: Option<u64>,
    /// Options that are kept and shown and change nothing.
    pub notes: Map<String, Value>,
}

/// Whether the password exchange is bound to the TLS connection (RFC 5929).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where the server offers it.
    #[default]
    Prefer,
    /// Always; a server without it is refused.
    Require,
}

impl ChannelBinding {
    const NAMES: [&str; 3] = ["disable", "prefer", "require"];
}

impl PostgresTarget {
    pub(super) fn read(draft: &mut Draft) -> Result<Self> {
        match draft.scheme() {
            None | Some("postgres" | "postgresql") => {}
            Some(_) => return Err(wrong_scheme("postgresql:// or postgres://")),
        }
        let endpoint = draft.endpoint(PORT)?;
        let username = draft.username()?.unwrap_or_else(|| "postgres".to_owned());
        let database = draft.database()?.unwrap_or_else(|| username.clone());
        let channel_binding =
            match draft.options.choice(&["channel_binding"], &ChannelBinding::NAMES)? {
                Some("disable") => ChannelBinding::Disable,
                Some("require") => ChannelBinding::Require,
                _ => ChannelBinding::Prefer,
            };
        let tls = read_tls(draft)?;
        if channel_binding == ChannelBinding::Require && tls.as_ref().is_none_or(|t| t.optional) {
            return Err(Error::validation(
                "channel_binding=require needs TLS; say sslmode=require or verify-full",
            ));
        }
        let seconds = draft.options.number(&["connect_timeout"], 0, 600)?.filter(|&s| s > 0);
        let milliseconds = draft.milliseconds(&["connect_timeout_ms"])?;
        Ok(Self {
            endpoint,
            username,
            password: draft.password()?,
            database,
            tls,
            statement_timeout_ms: draft.options.number(
                &["statement_timeout", "statement_timeout_ms"],
                0,
                i32::MAX as u64,
            )?,
            channel_binding,
            pool_size: draft.pool_size()?,
            connect_timeout_ms: agree("connect_timeout", seconds.map(|s| s * 1000), milliseconds)?,
            notes: draft.options.notes(&NOTES)?,
        })
    }

    pub(super) fn columns(&self) -> Columns {
        let mut options = Map::new();
        let mode = match &self.tls {
            None => "disable",
            Some(tls) if tls.optional => "prefer",
            Some(tls) if tls.insecure => "require",
            Some(tls) if tls.any_name => "verify-ca",
            Some(_) => "verify-full",
        };
        put(&mut options, "sslmode", Some(mode));
        if let Some(tls) = &self.tls {
            put(
                &mut options,
                "tls_verify",
                (tls.insecure != tls.optional).then_some(!tls.insecure),
            );
            put(&mut options, "ca_pem", tls.ca_pem.clone());
        }
        let binding = Some(self.channel_binding).filter(|&it| it != ChannelBinding::Prefer);
        let binding = binding.map(|binding| ChannelBinding::NAMES[binding as usize]);
        put(&mut options, "channel_binding", binding);
        put(&mut options, "statement_timeout", self.statement_timeout_ms);
        put(&mut options, "pool_size", self.pool_size);
        put(&mut options, "connect_timeout_ms", self.connect_timeout_ms);
        options.extend(self.notes.clone());
        Columns {
            host: Some(self.endpoint.host.clone()),
            port: Some(self.endpoint.port),
            database_name: Some(self.database.clone()),
            username: Some(self.username.clone()),
            options,
        }
    }
}

pub(super) const SPELLING: Spelling = Spelling {
    scheme: |_| "postgresql",
    path: spelling::database,
    says: &[],
    default_user: None,
    has_password: true,
};

/// `sslmode`, stricter than libpq's where libpq would accept any certificate:
///
/// | mode | here |
/// |---|---|
/// | `disable` | plain TCP |
/// | `prefer`, and nothing named | TLS where the server has it. Unverified unless `ca_pem` or `tls_verify` says otherwise, since whoever could forge a certificate could as well take TLS away |
/// | `require`, `verify-full` | TLS, chain and name verified. A self-hosted installation may add `tls_verify=false` |
/// | `verify-ca` | TLS, chain verified, any name; needs `ca_pem`, or anyone with a public certificate would pass |
/// | `no-verify` | `require` with `tls_verify=false` |
fn read_tls(draft: &mut Draft) -> Result<Option<Tls>> {
    let flag = draft.options.flag(&["ssl", "tls"])?;
    let modes = ["disable", "prefer", "require", "verify-ca", "verify-full", "no-verify", "allow"];
    let mode = draft.options.choice(&["sslmode", "ssl_mode"], &modes)?;
    if let (Some(flag), Some(mode)) = (flag, mode)
        && flag == (mode == "disable")
    {
        return Err(Error::validation(format!("`ssl` contradicts sslmode={mode}")));
    }
    let verify = draft.options.flag(&["tls_verify"])?;
    let mut settings = draft.tls_settings()?;
    let has_pem = settings.ca_pem.is_some() || settings.client_pem.is_some();
    let mode = mode.unwrap_or(match flag {
        Some(false) => "disable",
        Some(true) => "require",
        None if has_pem => "verify-full",
        None => "prefer",
    });
    let insecure = settings.insecure || verify == Some(false);
    match mode {
        "disable" if has_pem => {
            return Err(Error::validation("ca_pem and client_pem are of use with TLS only"));
        }
        "disable" => return Ok(None),
        "allow" => {
            return Err(Error::validation(
                "sslmode=allow is not supported; say prefer, or require for an encrypted \
                 connection",
            ));
        }
        "prefer" => {
            settings.optional = true;
            settings.insecure = verify != Some(true) && settings.ca_pem.is_none() || insecure;
        }
        "verify-ca" => {
            if settings.ca_pem.is_none() {
                return Err(Error::validation("sslmode=verify-ca needs options.ca_pem"));
            }
            settings.any_name = true;
            settings.insecure = insecure;
        }
        "no-verify" => settings.insecure = true,
        _ => settings.insecure = insecure,
    }
    if settings.insecure && !settings.optional && !draft.self_hosted() {
        return Err(draft::unverified());
    }
    tls::client_config(&settings)?;
    Ok(Some(settings))
}
