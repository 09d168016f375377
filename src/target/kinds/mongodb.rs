//! MongoDB targets: standalone, replica set, sharded, `mongodb+srv`.

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::spelling::{self, Spelling, flag};
use crate::error::{Error, Result};
use crate::target::columns::{self, Columns, put, put_tls};
use crate::target::draft::{self, Draft, agree, wrong_scheme};
use crate::target::endpoint::Endpoint;
use crate::target::tls::Tls;

const PORT: u16 = 27017;

const MECHANISMS: [&str; 4] = ["SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN", "MONGODB-X509"];

const READ_PREFERENCES: [&str; 5] =
    ["primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"];

const READ_CONCERNS: [&str; 5] = ["local", "available", "majority", "linearizable", "snapshot"];

/// Options of other drivers for what this package decides by itself.
const NOTES: [&str; 12] = [
    "appName",
    "minPoolSize",
    "maxIdleTimeMS",
    "maxConnecting",
    "waitQueueTimeoutMS",
    "socketTimeoutMS",
    "heartbeatFrequencyMS",
    "localThresholdMS",
    "retryReads",
    "compressors",
    "zlibCompressionLevel",
    "uuidRepresentation",
];

/// Where MongoDB connections go.
#[derive(Debug, Clone)]
pub struct MongoTarget {
    /// `mongodb+srv`: the one endpoint's host is looked up as an SRV record.
    pub srv: bool,
    /// Seeds.
    pub endpoints: Vec<Endpoint>,
    /// User name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<SecretString>,
    /// Default database.
    pub database: Option<String>,
    /// Database that holds the user.
    pub auth_source: Option<String>,
    /// `SCRAM-SHA-1`, `SCRAM-SHA-256`, `PLAIN` or `MONGODB-X509`.
    pub auth_mechanism: Option<&'static str>,
    /// Replica set name.
    pub replica_set: Option<String>,
    /// Talk to the one seed only.
    pub direct: Option<bool>,
    /// The seed is a load balancer.
    pub load_balanced: Option<bool>,
    /// Read preference name.
    pub read_preference: Option<&'static str>,
    /// Read concern level.
    pub read_concern: Option<&'static str>,
    /// Retryable writes, on by default where the topology has them.
    pub retry_writes: Option<bool>,
    /// Write concern `w`: a number, `majority` or a tag.
    pub w: Option<String>,
    /// Write concern `j`.
    pub journal: Option<bool>,
    /// Write concern `wtimeout` in milliseconds.
    pub w_timeout_ms: Option<u64>,
    /// Milliseconds to wait for a suitable server.
    pub server_selection_timeout_ms: Option<u64>,
    /// TLS, if any.
    pub tls: Option<Tls>,
    /// Most connections the user wants; the installation's limit holds besides.
    pub pool_size: Option<u32>,
    /// Milliseconds a connection attempt may take.
    pub connect_timeout_ms: Option<u64>,
    /// Options that are kept and shown and change nothing.
    pub notes: Map<String, Value>,
}

impl MongoTarget {
    pub(super) fn read(draft: &mut Draft) -> Result<Self> {
        let srv_scheme = match draft.scheme() {
            None => None,
            Some("mongodb") => Some(false),
            Some("mongodb+srv") => Some(true),
            Some(_) => return Err(wrong_scheme("mongodb:// or mongodb+srv://")),
        };
        let srv = agree("srv", srv_scheme, draft.options.flag(&["srv"])?)?.unwrap_or(false);
        let endpoints = draft.endpoints(PORT)?;
        if endpoints.is_empty() {
            return Err(draft::missing_host());
        }
        if srv {
            check_srv(&endpoints, draft.names_port())?;
        }
        let database = draft.database()?;
        if let Some(name) = &database {
            check_database(name)?;
        }
        let auth_mechanism = mechanism(draft)?;
        let w = draft.options.take(&["w"], |value| match value {
            Value::Number(n) if n.as_u64().is_some_and(|n| (1..=50).contains(&n)) => {
                Ok(n.to_string())
            }
            Value::String(text) if !matches!(&**text, "" | "0") && text.len() <= 64 => {
                Ok(text.clone())
            }
            // With 0 nobody would know what became of a write.
            _ => Err(Error::validation("expected a number from 1, `majority` or a tag")),
        })?;
        let target = Self {
            srv,
            endpoints,
            username: draft.username()?,
            password: draft.password()?,
            database,
            auth_source: draft.options.text(&["authSource"])?,
            auth_mechanism,
            replica_set: draft.options.text(&["replicaSet", "replicaSetName"])?,
            direct: draft.options.flag(&["directConnection"])?,
            load_balanced: draft.options.flag(&["loadBalanced"])?,
            read_preference: draft.options.choice(&["readPreference"], &READ_PREFERENCES)?,
            read_concern: draft
                .options
                .choice(&["readConcernLevel", "readConcern"], &READ_CONCERNS)?,
            retry_writes: draft.options.flag(&["retryWrites"])?,
            w,
            journal: draft.options.flag(&["journal", "j"])?,
            w_timeout_ms: draft.milliseconds(&["wtimeoutMS", "wtimeout"])?,
            server_selection_timeout_ms: draft
                .milliseconds(&["serverSelectionTimeoutMS", "serverSelectionTimeout"])?,
            tls: draft.tls(srv)?,
            pool_size: draft.pool_size()?,
            connect_timeout_ms: draft.milliseconds(&["connectTimeoutMS", "connectTimeout"])?,
            notes: draft.options.notes(&NOTES)?,
        };
        target.check()?;
        Ok(target)
    }

    /// What only makes sense together.
    fn check(&self) -> Result<()> {
        if self.direct == Some(true) && (self.srv || self.endpoints.len() > 1) {
            return Err(Error::validation("directConnection needs exactly one host, and no SRV"));
        }
        if self.load_balanced == Some(true)
            && (self.endpoints.len() > 1 || self.replica_set.is_some() || self.direct == Some(true))
        {
            return Err(Error::validation(
                "loadBalanced needs exactly one host, without replicaSet and directConnection",
            ));
        }
        let client_certificate = self.tls.as_ref().is_some_and(|tls| tls.client_pem.is_some());
        match self.auth_mechanism {
            Some("MONGODB-X509") if !client_certificate => {
                Err(Error::validation("MONGODB-X509 needs options.client_pem"))
            }
            Some("MONGODB-X509") if self.password.is_some() => {
                Err(Error::validation("MONGODB-X509 takes no password"))
            }
            Some("PLAIN") if self.tls.is_none() => Err(Error::validation(
                "PLAIN sends the password readable to everyone in between; turn tls on",
            )),
            Some("SCRAM-SHA-1" | "SCRAM-SHA-256" | "PLAIN") if self.username.is_none() => {
                Err(Error::validation("authMechanism is given without a user name"))
            }
            None if self.password.is_some() && self.username.is_none() => {
                Err(Error::validation("a password is given without a user name"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn columns(&self) -> Columns {
        let mut options = Map::new();
        put(&mut options, "srv", self.srv.then_some(true));
        columns::more_hosts(&mut options, &self.endpoints);
        put_tls(&mut options, self.tls.as_ref(), self.srv);
        put(&mut options, "authSource", self.auth_source.clone());
        put(&mut options, "authMechanism", self.auth_mechanism);
        put(&mut options, "replicaSet", self.replica_set.clone());
        put(&mut options, "directConnection", self.direct);
        put(&mut options, "loadBalanced", self.load_balanced);
        put(&mut options, "readPreference", self.read_preference);
        put(&mut options, "readConcernLevel", self.read_concern);
        put(&mut options, "retryWrites", self.retry_writes);
        put(&mut options, "w", self.w.clone());
        put(&mut options, "journal", self.journal);
        put(&mut options, "wtimeoutMS", self.w_timeout_ms);
        put(&mut options, "serverSelectionTimeoutMS", self.server_selection_timeout_ms);
        put(&mut options, "maxPoolSize", self.pool_size);
        put(&mut options, "connectTimeoutMS", self.connect_timeout_ms);
        options.extend(self.notes.clone());
        let first = self.endpoints.first();
        Columns {
            host: first.map(|e| e.host.clone()),
            port: first.map(|e| e.port).filter(|_| !self.srv),
            database_name: self.database.clone(),
            username: self.username.clone(),
            options,
        }
    }
}

pub(super) const SPELLING: Spelling = Spelling {
    scheme: |options| if flag(options, "srv") == Some(true) { "mongodb+srv" } else { "mongodb" },
    path: spelling::database,
    says: &["srv"],
    default_user: None,
    has_password: true,
};

fn check_srv(endpoints: &[Endpoint], names_port: bool) -> Result<()> {
    let [endpoint] = endpoints else {
        return Err(Error::validation("mongodb+srv takes exactly one host"));
    };
    if names_port {
        return Err(Error::validation("mongodb+srv takes no port; the SRV record has it"));
    }
    if crate::target::host::literal(&endpoint.host).is_some() {
        return Err(Error::validation("mongodb+srv takes a host name, not an address"));
    }
    Ok(())
}

/// The server's own rules for names, on any system.
fn check_database(name: &str) -> Result<()> {
    if name.len() > 63
        || name.contains(['/', '\\', '.', ' ', '"', '$', '*', '<', '>', ':', '|', '?'])
    {
        return Err(Error::validation(
            "the database name is longer than 63 bytes, or has one of / \\ . \" $ * < > : | ? or \
             a space in it",
        ));
    }
    Ok(())
}

fn mechanism(draft: &mut Draft) -> Result<Option<&'static str>> {
    draft.options.take(&["authMechanism"], |value| {
        let known = |text| MECHANISMS.into_iter().find(|known| known.eq_ignore_ascii_case(text));
        value.as_str().and_then(known).ok_or_else(|| {
            Error::validation(format!(
                "only {} are supported; OIDC, AWS and GSSAPI take credentials from the host this \
                 runs on",
                MECHANISMS.join(", ")
            ))
        })
    })
}
