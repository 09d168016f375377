//! What is told of a server, under the names of the API.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::human;
use super::section::Together::{All, Apart, First, Least, Most};
use super::section::{self, Field, Section, count, flag, float, word};
use crate::backend::redis::server::scalar::Scalar;

/// Lists of fields, and their schemas by the names of these.
macro_rules! sections {
    ($($(#[doc = $text:literal])+ $name:ident $fields:ident [$($field:expr,)*])*) => {$(
        $(#[doc = $text])+
        pub(super) const $fields: &[Field] = &[$($field),*];

        $(#[doc = $text])+
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                section::schema($fields, concat!($($text),+).trim(), generator)
            }
        }
    )*};
}

sections! {
    /// The server and its host; `null` is what it does not tell. `mode` is `standalone`, `cluster` or
    /// `sentinel`.
    ServerSection SERVER [
        // `name`, `version` and `mode` have several sources and are set afterwards.
        word("name").is(First),
        word("version").is(First),
        word("mode").is(First),
        count("uptime_seconds").from("uptime_in_seconds").is(Least),
        word("os").is(First),
        count("arch_bits").is(Apart),
        count("process_id").is(Apart),
        count("tcp_port").is(Apart),
        word("run_id"),
        word("executable"),
        word("config_file"),
        count("io_threads_active").is(Most),
    ]

    /// Memory, in bytes; `null` is what the server does not tell. `max_memory` is 0 without a limit.
    MemorySection MEMORY [
        count("used_memory"),
        word("used_memory_human").derived(|memory| bytes(memory, "used_memory")),
        count("used_memory_rss"),
        count("used_memory_peak"),
        count("used_memory_overhead"),
        count("used_memory_dataset"),
        count("used_memory_scripts"),
        count("total_system_memory").is(Apart),
        count("max_memory").from("maxmemory"),
        word("max_memory_human").derived(|memory| bytes(memory, "max_memory")),
        word("eviction_policy").from("maxmemory_policy").is(First),
        float("fragmentation_ratio").derived(|memory| {
            ratio(memory.number("used_memory_rss"), memory.number("used_memory")).into()
        }),
        count("mem_clients_normal"),
        count("mem_replication_backlog"),
        word("mem_allocator").is(First),
        count("lazyfree_pending_objects"),
        flag("active_defrag_running"),
    ]

    /// Counts since the server began; `null` is what it does not tell. `hit_rate`, from 0 to 1, is `null`
    /// before the first look-up.
    StatsSection STATS [
        count("total_commands_processed"),
        count("ops_per_sec").from("instantaneous_ops_per_sec"),
        count("keyspace_hits"),
        count("keyspace_misses"),
        float("hit_rate").derived(|stats| {
            let (hits, misses) = (stats.number("keyspace_hits"), stats.number("keyspace_misses"));
            ratio(hits, hits.zip(misses).map(|(hits, misses)| hits + misses)).into()
        }),
        count("total_connections_received"),
        count("rejected_connections"),
        count("expired_keys"),
        count("evicted_keys"),
        count("total_net_input_bytes"),
        count("total_net_output_bytes"),
        float("input_kbps").from("instantaneous_input_kbps"),
        float("output_kbps").from("instantaneous_output_kbps"),
        count("total_error_replies"),
        count("pubsub_channels"),
        count("pubsub_patterns"),
        count("pubsub_shard_channels").from("pubsubshard_channels"),
        count("latest_fork_usec").is(Most),
        count("sync_full"),
        count("sync_partial_ok"),
        count("sync_partial_err"),
        count("acl_access_denied_auth"),
        count("acl_access_denied_cmd"),
    ]

    /// Connections, and the largest buffers of them in bytes; `null` is what the server does not tell.
    ClientsSection CLIENTS [
        count("connected_clients"),
        count("blocked_clients"),
        count("max_clients").from("maxclients"),
        count("tracking_clients"),
        count("pubsub_clients"),
        count("client_recent_max_input_buffer").is(Most),
        count("client_recent_max_output_buffer").is(Most),
    ]

    /// What is saved to files; `null` is what the server does not tell. `rdb_last_save_time` is in seconds
    /// since 1970, sizes are in bytes.
    PersistenceSection PERSISTENCE [
        // Of a cluster the oldest: what every node has saved at least.
        count("rdb_last_save_time").is(Least),
        count("rdb_changes_since_last_save"),
        flag("rdb_bgsave_in_progress"),
        word("rdb_last_bgsave_status"),
        count("rdb_last_bgsave_time_sec").is(Most),
        flag("aof_enabled").is(All),
        flag("aof_rewrite_in_progress"),
        word("aof_last_bgrewrite_status"),
        word("aof_last_write_status"),
        count("aof_current_size"),
        count("aof_base_size"),
        flag("loading"),
        flag("async_loading"),
    ]

    /// What the server is to its replicas; offsets and sizes are in bytes. `null` is what it does not
    /// tell.
    ReplicationSection REPLICATION [
        word("role").is(First),
        count("connected_slaves"),
        word("master_replid"),
        count("master_repl_offset").is(Apart),
        word("master_failover_state"),
        flag("repl_backlog_active"),
        count("repl_backlog_size"),
        count("repl_backlog_histlen"),
    ]

    /// Where a replica gets its data from; `null` is what it does not tell.
    PrimarySection MASTER [
        word("host").from("master_host"),
        count("port").from("master_port"),
        word("link_status").from("master_link_status"),
        count("last_io_seconds_ago").from("master_last_io_seconds_ago"),
        count("link_down_since_seconds").from("master_link_down_since_seconds"),
        flag("sync_in_progress").from("master_sync_in_progress"),
        count("offset").from("slave_repl_offset"),
        count("priority").from("slave_priority"),
        flag("read_only").from("slave_read_only"),
    ]

    /// Seconds of processor time; `null` is what the server does not tell.
    CpuSection CPU [
        float("used_cpu_sys"),
        float("used_cpu_user"),
        float("used_cpu_sys_children"),
        float("used_cpu_user_children"),
    ]
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Bytes that were read as whole numbers.
fn bytes(memory: &Section, name: &str) -> Scalar {
    memory.number(name).map_or(Scalar::Null, |bytes| Scalar::Word(human(bytes as u64)))
}

/// `None` of nothing.
pub(super) fn ratio(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    part.zip(whole).filter(|(_, whole)| *whole > 0.0).map(|(part, whole)| part / whole)
}

impl From<Option<f64>> for Scalar {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Self::Null, Self::Float)
    }
}
