//! `serverStatus`, typed.

use mongodb::bson::{Document, doc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::backend::mongodb::command::integer;

const MEBIBYTE: i64 = 1 << 20;

/// The command, without the parts of the answer that are large and not used.
pub(super) fn command() -> Document {
    doc! {
        "serverStatus": 1,
        "flowControl": 0,
        "indexBulkBuilder": 0,
        "locks": 0,
        "logicalSessionRecordCache": 0,
        "metrics": 0,
        "mirroredReads": 0,
        "tcmalloc": 0,
        "transactions": 0,
        "transportSecurity": 0,
        "twoPhaseCommitCoordinator": 0,
    }
}

/// Figures of a server; a group is `null` where the server does not tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Status {
    /// Its own name and port.
    host: Option<String>,
    /// `mongod` or `mongos`.
    process: Option<String>,
    /// `wiredTiger`.
    storage_engine: Option<String>,
    /// Since it was started.
    uptime_seconds: Option<i64>,
    /// The server's clock, RFC 3339 in UTC.
    local_time: Option<String>,
    connections: Option<MongoConnections>,
    /// Operations of clients since it was started.
    opcounters: Option<Opcounters>,
    /// Operations that it replicated since.
    opcounters_replicated: Option<Opcounters>,
    /// Operations at this moment.
    operations: Option<OperationQueue>,
    memory: Option<MongoMemory>,
    /// Since it was started.
    network: Option<MongoNetwork>,
    cache: Option<StorageCache>,
}

/// Connections of all clients to a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct MongoConnections {
    /// Open at this moment.
    current: Option<i64>,
    /// So many more may be opened.
    available: Option<i64>,
    /// With an operation under way.
    active: Option<i64>,
    /// Since it was started.
    total_created: Option<i64>,
}

/// How many operations of each kind there were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct Opcounters {
    insert: i64,
    query: i64,
    update: i64,
    delete: i64,
    getmore: i64,
    command: i64,
}

/// How many operations run, and how many wait for a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct OperationQueue {
    /// Under way.
    reading: Option<i64>,
    /// Under way.
    writing: Option<i64>,
    /// Not begun.
    waiting_to_read: Option<i64>,
    /// Not begun.
    waiting_to_write: Option<i64>,
}

/// The memory of a server's process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct MongoMemory {
    /// In RAM.
    resident_bytes: Option<i64>,
    /// Of its address space.
    virtual_bytes: Option<i64>,
}

/// What a server received and sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct MongoNetwork {
    bytes_in: Option<i64>,
    bytes_out: Option<i64>,
    requests: Option<i64>,
}

/// The cache of the storage engine.
#[allow(clippy::struct_field_names)] // The names of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct StorageCache {
    max_bytes: Option<i64>,
    used_bytes: Option<i64>,
    /// Not yet written to disk.
    dirty_bytes: Option<i64>,
    /// Read into it since it was started.
    read_bytes: Option<i64>,
    /// Written from it since it was started.
    written_bytes: Option<i64>,
}

impl Status {
    pub(super) fn of(answer: &Document) -> Self {
        let text = |name| answer.get_str(name).ok().map(str::to_owned);
        let group = |name| answer.get_document(name).ok();
        let engine = group("storageEngine").and_then(|engine| engine.get_str("name").ok());
        let time = answer.get_datetime("localTime").ok();
        let cache = group("wiredTiger").and_then(|engine| engine.get_document("cache").ok());
        Self {
            host: text("host"),
            process: text("process"),
            storage_engine: engine.map(str::to_owned),
            uptime_seconds: integer(answer, "uptime"),
            local_time: time.and_then(|time| time.try_to_rfc3339_string().ok()),
            connections: group("connections").map(|connections| MongoConnections {
                current: integer(connections, "current"),
                available: integer(connections, "available"),
                active: integer(connections, "active"),
                total_created: integer(connections, "totalCreated"),
            }),
            opcounters: group("opcounters").map(Opcounters::of),
            opcounters_replicated: group("opcountersRepl").map(Opcounters::of),
            operations: group("globalLock").map(|lock| {
                let number = |group, name| integer(lock.get_document(group).ok()?, name);
                OperationQueue {
                    reading: number("activeClients", "readers"),
                    writing: number("activeClients", "writers"),
                    waiting_to_read: number("currentQueue", "readers"),
                    waiting_to_write: number("currentQueue", "writers"),
                }
            }),
            memory: group("mem").map(|memory| {
                // The server counts in mebibytes.
                let bytes = |name| integer(memory, name).map(|size| size.saturating_mul(MEBIBYTE));
                MongoMemory { resident_bytes: bytes("resident"), virtual_bytes: bytes("virtual") }
            }),
            network: group("network").map(|network| MongoNetwork {
                bytes_in: integer(network, "bytesIn"),
                bytes_out: integer(network, "bytesOut"),
                requests: integer(network, "numRequests"),
            }),
            cache: cache.map(|cache| StorageCache {
                max_bytes: integer(cache, "maximum bytes configured"),
                used_bytes: integer(cache, "bytes currently in the cache"),
                dirty_bytes: integer(cache, "tracked dirty bytes in the cache"),
                read_bytes: integer(cache, "bytes read into cache"),
                written_bytes: integer(cache, "bytes written from cache"),
            }),
        }
    }
}

impl Opcounters {
    fn of(group: &Document) -> Self {
        let number = |name| integer(group, name).unwrap_or(0);
        Self {
            insert: number("insert"),
            query: number("query"),
            update: number("update"),
            delete: number("delete"),
            getmore: number("getmore"),
            command: number("command"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::DateTime;

    #[test]
    fn figures_are_read_as_servers_from_5_to_8_tell_them() {
        let answer = doc! {
            "host": "h:27017", "version": "7.0.14", "process": "mongod", "pid": 1_i64,
            "uptime": 93.0, "uptimeMillis": 93_412_i64, "localTime": DateTime::from_millis(0),
            "connections": { "current": 5, "available": 51195, "totalCreated": 17, "active": 2,
                "threaded": 5, "exhaustIsMaster": 0 },
            "globalLock": { "totalTime": 1_i64,
                "currentQueue": { "total": 3, "readers": 1, "writers": 2 },
                "activeClients": { "total": 0, "readers": 4, "writers": 5 } },
            "mem": { "bits": 64, "resident": 121, "virtual": 2641, "supported": true },
            "network": { "bytesIn": 3_000_000_000_i64, "bytesOut": 4_i64,
                "physicalBytesIn": 1_i64, "numRequests": 9_i64 },
            "opcounters": { "insert": 1_i64, "query": 2_i64, "update": 3_i64, "delete": 4_i64,
                "getmore": 5_i64, "command": 6_i64 },
            "opcountersRepl": { "insert": 7_i64 },
            "storageEngine": { "name": "wiredTiger", "persistent": true },
            "wiredTiger": { "cache": {
                "bytes currently in the cache": 100, "maximum bytes configured": 1_i64 << 31,
                "tracked dirty bytes in the cache": 7.0, "bytes read into cache": 8,
                "bytes written from cache": 9 } },
            "ok": 1.0,
        };
        let json = serde_json::to_value(Status::of(&answer)).unwrap();
        let expected = serde_json::json!({
            "host": "h:27017", "process": "mongod", "storage_engine": "wiredTiger",
            "uptime_seconds": 93, "local_time": "1970-01-01T00:00:00Z",
            "connections": { "current": 5, "available": 51195, "active": 2, "total_created": 17 },
            "opcounters": { "insert": 1, "query": 2, "update": 3, "delete": 4, "getmore": 5,
                "command": 6 },
            "opcounters_replicated": { "insert": 7, "query": 0, "update": 0, "delete": 0,
                "getmore": 0, "command": 0 },
            "operations": { "reading": 4, "writing": 5, "waiting_to_read": 1,
                "waiting_to_write": 2 },
            "memory": { "resident_bytes": 121_i64 << 20, "virtual_bytes": 2641_i64 << 20 },
            "network": { "bytes_in": 3_000_000_000_i64, "bytes_out": 4, "requests": 9 },
            "cache": { "max_bytes": 1_i64 << 31, "used_bytes": 100, "dirty_bytes": 7,
                "read_bytes": 8, "written_bytes": 9 },
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn what_a_router_or_a_denial_leaves_out_is_not_made_up() {
        let router = doc! { "process": "mongos", "connections": { "current": 1 }, "mem": {} };
        let status = Status::of(&router);
        assert!(status.cache.is_none() && status.storage_engine.is_none());
        assert_eq!(Status::of(&doc! {}), Status::default());
    }
}
