//! Redis and Valkey targets: one node, a cluster, or sentinels.

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::spelling::{Spelling, flag};
use crate::error::{Error, Result};
use crate::target::columns::{self, Columns, put, put_tls};
use crate::target::draft::{self, Draft, agree, wrong_scheme};
use crate::target::endpoint::Endpoint;
use crate::target::tls::Tls;
use crate::target::uri;

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;
const MAX_DB: u64 = i32::MAX as u64;

/// Settings of the server that configurations mention, and `family` of other drivers.
const NOTES: [&str; 4] = ["maxmemory", "maxmemory_policy", "databases", "family"];

/// Where Redis connections go.
#[derive(Debug, Clone)]
pub struct RedisTarget {
    /// One node, several seeds of a cluster, or several sentinels.
    pub endpoints: Vec<Endpoint>,
    /// Standalone, cluster or sentinel.
    pub topology: RedisTopology,
    /// ACL user; `None` means the default user.
    pub username: Option<String>,
    /// Password of the data nodes.
    pub password: Option<SecretString>,
    /// Password of the sentinels themselves.
    pub sentinel_password: Option<SecretString>,
    /// Numbered database; always 0 in a cluster.
    pub db: i64,
    /// TLS, if any.
    pub tls: Option<Tls>,
    /// Most connections the user wants; the installation's limit holds besides.
    pub pool_size: Option<u32>,
    /// Milliseconds a connection attempt may take.
    pub connect_timeout_ms: Option<u64>,
    /// Options that are kept and shown and change nothing.
    pub notes: Map<String, Value>,
}

/// How Redis nodes are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisTopology {
    /// One server.
    Standalone,
    /// Redis Cluster; the endpoints are seeds.
    Cluster,
    /// Sentinel; the endpoints are sentinels.
    Sentinel {
        /// Name of the monitored primary.
        master: String,
    },
}

#[derive(Default, PartialEq)]
struct Sentinel {
    master: Option<String>,
    sentinels: Vec<Endpoint>,
}

impl RedisTarget {
    pub(super) fn read(draft: &mut Draft) -> Result<Self> {
        let (secure, named) = scheme(draft.scheme())?;
        let (is_cluster, is_sentinel) = (named == Some("cluster"), named == Some("sentinel"));
        let sentinel = draft.options.take(&["sentinel"], sentinel_object)?;
        let master = draft.options.text(&[
            "sentinel_master",
            "sentinel_master_id",
            "sentinel_service_name",
            "master_name",
            "master",
        ])?;
        let cluster = draft.options.flag(&["cluster"])?;
        let is_sentinel = is_sentinel || sentinel.is_some() || master.is_some();
        let is_cluster = is_cluster || cluster == Some(true);
        if is_sentinel && is_cluster {
            return Err(Error::validation("a Redis is behind sentinels or a cluster, not both"));
        }

        let (path_master, path_db) = path(draft.path(), is_sentinel, master.is_some())?;
        let field_db = draft.database_field().map(database_number).transpose()?;
        let option_db = draft.options.number(&["db"], 0, MAX_DB)?;
        let db = agree("db", agree("database_name", path_db, field_db)?, option_db)?.unwrap_or(0);
        let db = i64::try_from(db).unwrap_or(0);

        let mut endpoints = draft.endpoints(if is_sentinel { SENTINEL_PORT } else { PORT })?;
        let topology = if is_sentinel {
            let Sentinel { master: object, sentinels } = sentinel.unwrap_or_default();
            if !sentinels.is_empty() && endpoints.iter().any(|e| !sentinels.contains(e)) {
                return Err(Error::validation(
                    "`host` and `port` must be those of one of the sentinels",
                ));
            }
            for sentinel in sentinels {
                if !endpoints.contains(&sentinel) {
                    endpoints.push(sentinel);
                }
            }
            let master = agree("master", path_master, master)?;
            let Some(master) = agree("sentinel.master", master, object)? else {
                return Err(Error::validation(
                    "the name of the primary that the sentinels watch is missing; give it in \
                     options.sentinel.master",
                ));
            };
            RedisTopology::Sentinel { master }
        } else if is_cluster {
            if db != 0 {
                return Err(Error::validation("a Redis Cluster has only database 0"));
            }
            RedisTopology::Cluster
        } else {
            RedisTopology::Standalone
        };
        if endpoints.is_empty() {
            return Err(draft::missing_host());
        }
        if topology == RedisTopology::Standalone && endpoints.len() > 1 {
            return Err(Error::validation(
                "several hosts are given; say options.cluster or options.sentinel",
            ));
        }
        let sentinel_password = draft.options.secret(&["sentinel_password"])?;
        if sentinel_password.is_some() && !is_sentinel {
            return Err(Error::validation("`sentinel_password` is given without sentinels"));
        }
        let tls = draft.tls(secure)?;
        if secure && tls.is_none() {
            return Err(Error::validation("`tls` is false, but the connection string says rediss"));
        }
        Ok(Self {
            endpoints,
            topology,
            username: draft.username()?,
            password: draft.password()?,
            sentinel_password,
            db,
            tls,
            pool_size: draft.pool_size()?,
            connect_timeout_ms: draft.milliseconds(&["connect_timeout_ms", "connect_timeout"])?,
            notes: draft.options.notes(&NOTES)?,
        })
    }

    pub(super) fn columns(&self) -> Columns {
        let mut options = Map::new();
        put(&mut options, "db", Some(self.db).filter(|db| *db != 0));
        put_tls(&mut options, self.tls.as_ref(), false);
        match &self.topology {
            RedisTopology::Standalone => {}
            RedisTopology::Cluster => {
                put(&mut options, "cluster", Some(true));
                columns::more_hosts(&mut options, &self.endpoints);
            }
            RedisTopology::Sentinel { master } => {
                let sentinels: Vec<_> = self
                    .endpoints
                    .iter()
                    .map(|e| json!({ "host": e.host, "port": e.port }))
                    .collect();
                let sentinel = json!({ "master": master, "sentinels": sentinels });
                put(&mut options, "sentinel", Some(sentinel));
            }
        }
        put(&mut options, "pool_size", self.pool_size);
        put(&mut options, "connect_timeout_ms", self.connect_timeout_ms);
        options.extend(self.notes.clone());
        let first = self.endpoints.first();
        Columns {
            host: first.map(|e| e.host.clone()),
            port: first.map(|e| e.port),
            database_name: None,
            username: self.username.clone(),
            options,
        }
    }
}

pub(super) const SPELLING: Spelling = Spelling {
    scheme: |options| if flag(options, "tls") == Some(true) { "rediss" } else { "redis" },
    path: |Columns { options, .. }| match flag(options, "cluster") {
        Some(true) => String::new(),
        _ => options.get("db").map_or_else(|| "0".to_owned(), Value::to_string),
    },
    says: &["db", "tls"],
    default_user: Some("default"),
    has_password: true,
};

/// Whether TLS is named, and the topology that is: `cluster` or `sentinel`.
fn scheme(scheme: Option<&str>) -> Result<(bool, Option<&str>)> {
    let Some(scheme) = scheme else { return Ok((false, None)) };
    let both = scheme.split_once(['+', '-']);
    let (base, named) = both.map_or((scheme, None), |(base, named)| (base, Some(named)));
    let secure = match base {
        "redis" | "valkey" => false,
        "rediss" | "valkeys" => true,
        _ => return Err(wrong_scheme("redis://, rediss://, valkey:// or valkeys://")),
    };
    match named {
        None | Some("cluster" | "sentinel") => Ok((secure, named)),
        Some(_) => Err(wrong_scheme("redis://, redis+cluster:// or redis+sentinel://")),
    }
}

/// `/db`, or behind sentinels `/master`, `/master/db` and, where the master is named elsewhere,
/// `/db`.
fn path(
    path: Option<&str>,
    is_sentinel: bool,
    has_master: bool,
) -> Result<(Option<String>, Option<u64>)> {
    let Some(path) = path else { return Ok((None, None)) };
    let path = path.strip_suffix('/').unwrap_or(path);
    let decoded = |part: &str| uri::decode(part, "the name of the primary");
    match path.split_once('/') {
        Some((master, db)) if is_sentinel => {
            Ok((Some(decoded(master)?), Some(database_number(db)?)))
        }
        None if is_sentinel => match database_number(path) {
            Ok(db) if has_master => Ok((None, Some(db))),
            _ => Ok((Some(decoded(path)?), None)),
        },
        _ => Ok((None, Some(database_number(path)?))),
    }
}

fn database_number(text: &str) -> Result<u64> {
    text.parse().ok().filter(|&db| db <= MAX_DB).ok_or_else(|| {
        Error::validation("the database of a Redis is a number, as in redis://host:6379/0")
    })
}

/// `{ "master": "m", "sentinels": [{ "host": "h", "port": 26379 }] }`.
fn sentinel_object(value: &Value) -> Result<Sentinel> {
    let object = value
        .as_object()
        .filter(|o| o.keys().all(|k| k == "master" || k == "sentinels"))
        .ok_or_else(|| Error::validation("expected an object with `master` and `sentinels`"))?;
    let master = match object.get("master") {
        None | Some(Value::Null) => None,
        Some(Value::String(master)) if !master.is_empty() => Some(master.clone()),
        Some(_) => return Err(Error::validation("`master` must be text")),
    };
    let sentinels = match object.get("sentinels") {
        None | Some(Value::Null) => Vec::new(),
        Some(list) => draft::endpoint_list(list, SENTINEL_PORT)?,
    };
    Ok(Sentinel { master, sentinels })
}
