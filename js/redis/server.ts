import { type Binding, type CallOptions, invoke } from '../invoke'
import { records } from '../stream'
import type { RedisNode } from './command'
import type { RedisInteger, RedisText } from './values'

/** A field that could not be told, and why: what the connection's user may not see is `null`. */
export interface RedisWarning {
  field: string
  code: string
  message: string
}

/** A figure; `null` where the server does not tell it. */
type Figure = RedisInteger | null

/** The parts of `INFO`; `null` where the user may not ask. Generations tell more or less of them. */
export interface RedisFigures {
  memory: {
    used_memory: Figure
    used_memory_human: string | null
    used_memory_rss: Figure
    used_memory_peak: Figure
    used_memory_dataset: Figure
    /** 0 is no limit. */
    max_memory: Figure
    eviction_policy: string | null
    fragmentation_ratio: number | null
    [name: string]: unknown
  } | null
  stats: {
    total_commands_processed: Figure
    ops_per_sec: Figure
    keyspace_hits: Figure
    keyspace_misses: Figure
    /** From 0 to 1; `null` before the first look-up. */
    hit_rate: number | null
    expired_keys: Figure
    evicted_keys: Figure
    total_net_input_bytes: Figure
    total_net_output_bytes: Figure
    [name: string]: unknown
  } | null
  clients: {
    connected_clients: Figure
    blocked_clients: Figure
    max_clients: Figure
    [name: string]: unknown
  } | null
  /** Seconds of processor time. */
  cpu: { used_cpu_sys: number | null; used_cpu_user: number | null; [name: string]: unknown } | null
  keyspace: RedisKeyspace[] | null
}

/** A database that has keys. */
export interface RedisKeyspace {
  db: number
  keys: number
  expires: number
  avg_ttl_ms: number
}

/** What a server says of itself. */
export interface RedisServerInfo extends RedisFigures {
  server: {
    name: 'redis' | 'valkey'
    version: string | null
    mode: 'standalone' | 'cluster' | 'sentinel' | null
    uptime_seconds: Figure
    [name: string]: unknown
  } | null
  persistence: {
    /** Seconds since 1970. */
    rdb_last_save_time: Figure
    rdb_changes_since_last_save: Figure
    rdb_last_bgsave_status: string | null
    aof_enabled: boolean | null
    [name: string]: unknown
  } | null
  replication: {
    role: 'master' | 'slave' | null
    connected_slaves: Figure
    master_repl_offset: Figure
    replicas: Array<{
      host: string
      port: number | null
      state: string
      offset: number | null
      lag_seconds: number | null
      lag_bytes: number | null
    }>
    /** Of a replica. */
    master?: {
      host: string | null
      port: Figure
      link_status: string | null
      last_io_seconds_ago: Figure
      [name: string]: unknown
    }
    [name: string]: unknown
  } | null
  /** What each command cost, the most used first. */
  commands: Array<{
    command: string
    calls: number
    usec: number
    usec_per_call: number | null
    rejected_calls: number | null
    failed_calls: number | null
    /** `p50`, `p99`, `p99.9`; of each node of a cluster. */
    percentiles_usec?: Record<string, number>
  }> | null
  errors: Array<{ code: string; count: number }> | null
  modules: Array<{ name: string; version: number | null }> | null
  /** The nodes of a cluster, primaries first; the rest is summed over the primaries. */
  nodes?: Array<RedisNode & RedisServerInfo & { error?: { code: string; message: string } }>
  /** Everything as the server wrote it, by section. */
  raw?: Record<string, Record<string, string>>
  warnings?: RedisWarning[]
}

/** What happened between two looks; `null` where a counter went backwards, as after a restart. */
export interface RedisInterval {
  seconds: number
  commands: number | null
  ops_per_sec: number | null
  keyspace_hits: number | null
  keyspace_misses: number | null
  hit_rate: number | null
  net_input_bytes: number | null
  net_output_bytes: number | null
  net_input_bytes_per_sec: number | null
  net_output_bytes_per_sec: number | null
  expired_keys: number | null
  evicted_keys: number | null
  connections_received: number | null
  rejected_connections: number | null
  errors: number | null
  /** Of one processor. */
  cpu_percent: number | null
}

/** Figures at one moment, and what happened since the moment before. */
export interface RedisStats extends RedisFigures {
  /** Milliseconds since 1970. */
  at: number
  interval: RedisInterval | null
  nodes: Array<RedisNode & RedisFigures & { interval: RedisInterval | null }>
  warnings: RedisWarning[]
}

/** A command that was slow. */
export interface SlowLogEntry {
  /** Unique on its server. */
  id: number
  /** Seconds since 1970. */
  at: number
  duration_us: number
  /** Without secrets; the server shortens what is long. */
  args: RedisText[]
  client: RedisText | null
  client_name: RedisText | null
  node?: RedisNode
}

/** A connection of a server. */
export interface RedisClientEntry {
  id: number
  addr?: string
  name?: string
  /** Seconds. */
  age?: number
  idle?: number
  db?: number
  /** The last command. */
  cmd?: string
  user?: string
  node?: RedisNode
  /** What else the server tells. */
  [field: string]: unknown
}

/** Which clients to list. */
export interface ListClientsOptions {
  type?: 'normal' | 'master' | 'replica' | 'pubsub'
  cursor?: string
  /** At most 1000. */
  limit?: number
}

/** What to measure. */
export interface MemoryOptions {
  /** Only keys that begin with this. */
  prefix?: RedisText
  /** Only keys of this type. */
  type?: string
  /** What ends a part of a prefix; default `:`. */
  separator?: string
  /** Parts of a prefix; default 1. */
  depth?: number
  /** Prefixes that are told apart; default 100. */
  limit?: number
  /** Largest and most used keys that are named; default 50. */
  top?: number
  /** Elements of a collection that are measured; default 5. */
  samples?: number
  max_examined?: number
  max_ms?: number
}

/** A part of what was measured, and what that makes of the whole. `null` is not known. */
export interface MemoryShare {
  keys: number
  bytes: number | null
  average_bytes: number | null
  largest_bytes: number | null
  estimated_keys: number | null
  estimated_bytes: number | null
}

/** A key among the first by size or use. */
export interface RankedKey {
  key: RedisText
  type: string | null
  bytes: number | null
  /** The server's logarithmic counter, 0 to 255. */
  frequency?: number
}

/** What takes the memory, as far as it was measured. */
export interface MemoryReport {
  /** Keys that were looked at, and keys that there are. */
  examined: number
  total: number | null
  all: MemoryShare
  used_memory: number | null
  types: Array<MemoryShare & { type: string }>
  /** The largest first; keys without a separator have the empty prefix. */
  prefixes: Array<MemoryShare & { prefix: RedisText }>
  other_prefixes: MemoryShare
  biggest: RankedKey[]
  /** Servers count uses only under an eviction policy of the kind LFU; else `reason` says so. */
  hot_keys: {
    available: boolean
    policy: string | null
    reason: string | null
    keys: RankedKey[]
  }
  nodes?: Array<RedisNode & { examined: number; total: number | null }>
  done: boolean
  /** Every key was measured. */
  complete: boolean
  ended_by: 'keyspace' | 'examined' | 'time' | null
  may_be_incomplete: boolean
  warnings: RedisWarning[]
}

/** A server, or the servers of a cluster. The `server` of a Redis connection. */
export class RedisServer {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** What the server says of itself; of a cluster also per node. */
  info(call?: CallOptions): Promise<RedisServerInfo> {
    return invoke(this.#binding, 'redis.info', {}, call)
  }

  /** Figures that change. */
  stats(call?: CallOptions): Promise<RedisStats> {
    return invoke(this.#binding, 'redis.stats', {}, call)
  }

  /** The same every `interval` seconds, with what happened in between, until the loop is left. */
  watchStats(interval = 1, call?: CallOptions): AsyncGenerator<RedisStats> {
    return records(this.#binding, 'redis.stats', { interval }, call)
  }

  /** How many keys each database has. */
  databases(call?: CallOptions): Promise<{
    databases: RedisKeyspace[] | null
    current: { db: number; keys: number | null }
    count: number | null
    nodes?: Array<RedisNode & { keys: number | null }>
    warnings: RedisWarning[]
  }> {
    return invoke(this.#binding, 'redis.databases', {}, call)
  }

  /** The log of slow commands, the latest first. */
  slowLog(
    options: { limit?: number } = {},
    call?: CallOptions
  ): Promise<{
    entries: SlowLogEntry[] | null
    total: number | null
    threshold_us: number | null
    warnings: RedisWarning[]
  }> {
    return invoke(this.#binding, 'redis.slowlog', options, call)
  }

  /** A page of who is connected; the last page has cursor `"0"`. */
  clients(
    options: ListClientsOptions = {},
    call?: CallOptions
  ): Promise<{
    clients: RedisClientEntry[] | null
    cursor: string
    total: number | null
    warnings: RedisWarning[]
  }> {
    return invoke(this.#binding, 'redis.clients', options, call)
  }

  /** The settings; secrets that are set are `(redacted)`. */
  config(
    options: { pattern?: string } = {},
    call?: CallOptions
  ): Promise<{
    settings: Record<string, string> | null
    nodes?: Array<RedisNode & { differing: Record<string, string> }>
    warnings: RedisWarning[]
  }> {
    return invoke(this.#binding, 'redis.config', options, call)
  }

  /** What takes the memory: a sample within a budget, extrapolated. */
  memory(options: MemoryOptions = {}, call?: CallOptions): Promise<MemoryReport> {
    return invoke(this.#binding, 'redis.memory', options, call)
  }

  /** The same while it is measured, to the end of the keyspace unless a budget is given. */
  watchMemory(options: MemoryOptions = {}, call?: CallOptions): AsyncGenerator<MemoryReport> {
    return records(this.#binding, 'redis.memory', options, call)
  }
}
