//! A target as the driver's options, field by field. No connection string of a user reaches the
//! driver.

use std::sync::Arc;
use std::time::Duration;

use mongodb::options::{
    Acknowledgment, AuthMechanism, ClientOptions, Credential, ReadConcern, ReadPreference,
    SelectionCriteria, ServerAddress, Socks5Proxy, WriteConcern,
};
use secrecy::ExposeSecret;

use super::hello::MongoTopology;
use super::meter::Meter;
use crate::backend::ConnectOptions;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::target::{Endpoint, MongoTarget};

pub(crate) const APP_NAME: &str = "studio-multidb";
const DEFAULT_PORT: u16 = 27017;
/// Connections that may be made at once.
const MAX_CONNECTING: u32 = 2;

/// Where the servers of a target are to be looked for, and what their SRV record adds.
pub(crate) struct Seeds {
    /// Where to ask first.
    pub(crate) endpoints: Vec<Endpoint>,
    /// What the driver keeps of an SRV look-up, so that it looks again from time to time.
    srv: Option<ClientOptions>,
}

impl Seeds {
    /// Looks up the SRV record of a `mongodb+srv` target.
    pub(crate) async fn find(target: &MongoTarget, deadline: Deadline) -> Result<Self> {
        if !target.srv {
            return Ok(Self { endpoints: target.endpoints.clone(), srv: None });
        }
        let host = target.endpoints.first().map(|e| e.host.as_str()).unwrap_or_default();
        if !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
            return Err(Error::validation(format!("{host:?} is not a host name")));
        }
        // Only the host is the user's. The login is there to be told the `authSource` of the TXT
        // record, and is replaced.
        let uri = format!("mongodb+srv://user:password@{host}/");
        let found = deadline.run(async { ClientOptions::parse(uri).await }).await;
        let options = found
            .ok_or_else(|| {
                let message = format!("looking up the SRV record of {host} took too long");
                Error::timeout(message, Outcome::NotApplied)
            })?
            .map_err(|_| {
                Error::unreachable(format!(
                    "the SRV record _mongodb._tcp.{host} could not be resolved; check the \
                         host name"
                ))
            })?;
        let endpoints = options.hosts.iter().filter_map(endpoint).collect();
        Ok(Self { endpoints, srv: Some(options) })
    }

    /// The replica set that the servers must be of, where the target or its TXT record says so.
    pub(crate) fn replica_set<'s>(&'s self, target: &'s MongoTarget) -> Option<&'s str> {
        let from_txt = self.srv.as_ref().and_then(|options| options.repl_set_name.as_deref());
        target.replica_set.as_deref().or(from_txt)
    }
}

fn endpoint(address: &ServerAddress) -> Option<Endpoint> {
    let ServerAddress::Tcp { host, port } = address else { return None };
    Some(Endpoint { host: host.clone(), port: port.unwrap_or(DEFAULT_PORT) })
}

/// The driver's options for a target whose sockets go through `proxy`.
pub(crate) fn client_options(
    target: &MongoTarget,
    seeds: Seeds,
    topology: MongoTopology,
    options: &ConnectOptions,
    proxy: Socks5Proxy,
    meter: &Arc<Meter>,
) -> Result<ClientOptions> {
    let from_txt = seeds.srv.as_ref().and_then(|o| o.credential.as_ref()?.source.clone());
    let hosts = seeds
        .endpoints
        .into_iter()
        .map(|Endpoint { host, port }| ServerAddress::Tcp { host, port: Some(port) });
    let selection = target.server_selection_timeout_ms.map(Duration::from_millis);

    // An SRV look-up leaves something in the options that can't be set from outside.
    let mut driver = seeds.srv.unwrap_or_default();
    driver.hosts = hosts.collect();
    driver.credential = credential(target, from_txt)?;
    // The proxy does TLS.
    driver.tls = None;
    driver.socks5_proxy = Some(proxy);
    driver.app_name = Some(APP_NAME.to_owned());
    driver.cmap_event_handler = Some(meter.handler());
    driver.connect_timeout = Some(options.connect_timeout);
    driver.server_selection_timeout = Some(selection.unwrap_or(options.connect_timeout));
    driver.direct_connection = target.direct;
    if target.load_balanced.is_some() {
        driver.load_balanced = target.load_balanced;
    }
    driver.max_connecting = Some(MAX_CONNECTING);
    driver.max_pool_size = Some(options.max_connections);
    driver.max_idle_time = Some(options.idle_timeout);
    driver.default_database.clone_from(&target.database);
    // On a standalone server the driver does not retry writes. Told that it may, it would take another
    // connection when it got none, and only then give up: nobody could tell that nothing was sent.
    driver.retry_writes =
        Some(target.retry_writes.unwrap_or(true) && topology != MongoTopology::Standalone);
    driver.retry_reads = Some(true);
    if target.replica_set.is_some() {
        driver.repl_set_name.clone_from(&target.replica_set);
    }
    if let Some(name) = target.read_preference {
        driver.selection_criteria = Some(read_preference(name)?);
    }
    driver.read_concern = target.read_concern.map(ReadConcern::custom);
    driver.write_concern = write_concern(target)?;
    Ok(driver)
}

fn credential(target: &MongoTarget, from_txt: Option<String>) -> Result<Option<Credential>> {
    let mechanism = match target.auth_mechanism {
        None => None,
        Some("SCRAM-SHA-1") => Some(AuthMechanism::ScramSha1),
        Some("SCRAM-SHA-256") => Some(AuthMechanism::ScramSha256),
        Some("PLAIN") => Some(AuthMechanism::Plain),
        Some("MONGODB-X509") => Some(AuthMechanism::MongoDbX509),
        Some(other) => {
            return Err(Error::validation(format!(
                "the authentication mechanism {other:?} is not supported; use SCRAM-SHA-256, \
                 SCRAM-SHA-1, PLAIN or MONGODB-X509"
            )));
        }
    };
    if target.username.is_none() && mechanism != Some(AuthMechanism::MongoDbX509) {
        return Ok(None);
    }
    let external = matches!(mechanism, Some(AuthMechanism::Plain | AuthMechanism::MongoDbX509));
    let source = match (&target.auth_source, external) {
        (Some(source), _) => source.clone(),
        (None, true) => "$external".to_owned(),
        (None, false) => {
            from_txt.or_else(|| target.database.clone()).unwrap_or_else(|| "admin".to_owned())
        }
    };
    let password = target.password.as_ref().map(|p| p.expose_secret().to_owned());
    let mut credential = Credential::default();
    credential.username.clone_from(&target.username);
    credential.password = password;
    credential.source = Some(source);
    credential.mechanism = mechanism;
    Ok(Some(credential))
}

/// A read preference by its name in connection strings.
pub(crate) fn read_preference(name: &str) -> Result<SelectionCriteria> {
    let preference = match name {
        "primary" => ReadPreference::Primary,
        "primaryPreferred" => ReadPreference::PrimaryPreferred { options: None },
        "secondary" => ReadPreference::Secondary { options: None },
        "secondaryPreferred" => ReadPreference::SecondaryPreferred { options: None },
        "nearest" => ReadPreference::Nearest { options: None },
        _ => return Err(Error::validation(format!("{name:?} is not a read preference"))),
    };
    Ok(SelectionCriteria::ReadPreference(preference))
}

fn write_concern(target: &MongoTarget) -> Result<Option<WriteConcern>> {
    let acknowledgment = match target.w.as_deref().map(|w| (w, w.parse::<u32>())) {
        None => None,
        Some((_, Ok(0))) => {
            return Err(Error::validation(
                "the write concern w=0 is not supported: the outcome of a write would not be known",
            ));
        }
        Some((_, Ok(nodes))) => Some(Acknowledgment::Nodes(nodes)),
        Some(("majority", Err(_))) => Some(Acknowledgment::Majority),
        Some((tag, Err(_))) => Some(Acknowledgment::Custom(tag.to_owned())),
    };
    let mut concern = WriteConcern::default();
    concern.w = acknowledgment;
    concern.journal = target.journal;
    concern.w_timeout = target.w_timeout_ms.map(Duration::from_millis);
    Ok((concern != WriteConcern::default()).then_some(concern))
}
