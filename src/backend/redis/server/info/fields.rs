//! What is told of a server, under the names of the API.

use super::human;
use super::section::{Field, Section, count, derived, flag, float, word};
use crate::backend::redis::server::scalar::Scalar;

/// `name`, `version` and `mode` have several sources and are set afterwards.
pub(super) const SERVER: &[Field] = &[
    word("name").first(),
    word("version").first(),
    word("mode").first(),
    count("uptime_seconds").from("uptime_in_seconds").least(),
    word("os").first(),
    count("arch_bits").apart(),
    count("process_id").apart(),
    count("tcp_port").apart(),
    word("run_id"),
    word("executable"),
    word("config_file"),
    count("io_threads_active").most(),
];

pub(super) const MEMORY: &[Field] = &[
    count("used_memory"),
    derived("used_memory_human", |memory| bytes(memory, "used_memory")),
    count("used_memory_rss"),
    count("used_memory_peak"),
    count("used_memory_overhead"),
    count("used_memory_dataset"),
    count("used_memory_scripts"),
    count("total_system_memory").apart(),
    count("max_memory").from("maxmemory"),
    derived("max_memory_human", |memory| bytes(memory, "max_memory")),
    word("eviction_policy").from("maxmemory_policy").first(),
    derived("fragmentation_ratio", |memory| {
        ratio(memory.number("used_memory_rss"), memory.number("used_memory"))
    }),
    count("mem_clients_normal"),
    count("mem_replication_backlog"),
    word("mem_allocator").first(),
    count("lazyfree_pending_objects"),
    flag("active_defrag_running"),
];

pub(super) const STATS: &[Field] = &[
    count("total_commands_processed"),
    count("ops_per_sec").from("instantaneous_ops_per_sec"),
    count("keyspace_hits"),
    count("keyspace_misses"),
    // Between 0 and 1; `null` before the first look-up.
    derived("hit_rate", |stats| {
        let (hits, misses) = (stats.number("keyspace_hits"), stats.number("keyspace_misses"));
        ratio(hits, hits.zip(misses).map(|(hits, misses)| hits + misses))
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
    count("latest_fork_usec").most(),
    count("sync_full"),
    count("sync_partial_ok"),
    count("sync_partial_err"),
    count("acl_access_denied_auth"),
    count("acl_access_denied_cmd"),
];

pub(super) const CLIENTS: &[Field] = &[
    count("connected_clients"),
    count("blocked_clients"),
    count("max_clients").from("maxclients"),
    count("tracking_clients"),
    count("pubsub_clients"),
    count("client_recent_max_input_buffer").most(),
    count("client_recent_max_output_buffer").most(),
];

pub(super) const PERSISTENCE: &[Field] = &[
    // Seconds since 1970; of a cluster the oldest: what every node has saved at least.
    count("rdb_last_save_time").least(),
    count("rdb_changes_since_last_save"),
    flag("rdb_bgsave_in_progress"),
    word("rdb_last_bgsave_status"),
    count("rdb_last_bgsave_time_sec").most(),
    flag("aof_enabled").all(),
    flag("aof_rewrite_in_progress"),
    word("aof_last_bgrewrite_status"),
    word("aof_last_write_status"),
    count("aof_current_size"),
    count("aof_base_size"),
    flag("loading"),
    flag("async_loading"),
];

pub(super) const REPLICATION: &[Field] = &[
    word("role").first(),
    count("connected_slaves"),
    word("master_replid"),
    count("master_repl_offset").apart(),
    word("master_failover_state"),
    flag("repl_backlog_active"),
    count("repl_backlog_size"),
    count("repl_backlog_histlen"),
];

/// Of a replica: where it gets its data from.
pub(super) const MASTER: &[Field] = &[
    word("host").from("master_host"),
    count("port").from("master_port"),
    word("link_status").from("master_link_status"),
    count("last_io_seconds_ago").from("master_last_io_seconds_ago"),
    count("link_down_since_seconds").from("master_link_down_since_seconds"),
    flag("sync_in_progress").from("master_sync_in_progress"),
    count("offset").from("slave_repl_offset"),
    count("priority").from("slave_priority"),
    flag("read_only").from("slave_read_only"),
];

/// Seconds of processor time.
pub(super) const CPU: &[Field] = &[
    float("used_cpu_sys"),
    float("used_cpu_user"),
    float("used_cpu_sys_children"),
    float("used_cpu_user_children"),
];

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Bytes that were read as whole numbers.
fn bytes(memory: &Section, name: &str) -> Scalar {
    memory.number(name).map_or(Scalar::Null, |bytes| Scalar::Word(human(bytes as u64)))
}

pub(super) fn ratio(part: Option<f64>, whole: Option<f64>) -> Scalar {
    match part.zip(whole) {
        Some((part, whole)) if whole > 0.0 => Scalar::Float(part / whole),
        _ => Scalar::Null,
    }
}
