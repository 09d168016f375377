import { type Binding, type CallOptions, invoke } from '../invoke'
import type { Document } from './document'

/** Something that the connection's user may not know or see. */
export interface ServerWarning {
  field: string
  code: string
  message: string
}

/** Operations of clients since a server was started. */
export interface Opcounters {
  insert: number
  query: number
  update: number
  delete: number
  getmore: number
  command: number
}

/** A member of a replica set. */
export interface ReplicaMember {
  id: number | null
  host: string
  /** `PRIMARY`, `SECONDARY`, `RECOVERING`, … */
  state: string
  healthy: boolean
  /** It is the one that was asked. */
  is_self: boolean
  uptime_seconds: number | null
  /** ISO 8601. */
  last_operation: string | null
  /** How far a secondary is behind the primary. */
  lag_seconds: number | null
  ping_ms: number | null
  sync_source: string | null
  message: string | null
}

/** What a server says of itself. A group is `null` where it does not tell it, or not to this user. */
export interface ServerStatus {
  version: string | null
  git_version: string | null
  modules: string[]
  allocator: string | null
  bits: number | null
  max_document_bytes: number | null
  topology: 'standalone' | 'replica_set' | 'sharded'
  host: string | null
  process: string | null
  storage_engine: string | null
  uptime_seconds: number | null
  local_time: string | null
  connections: {
    current: number | null
    available: number | null
    active: number | null
    total_created: number | null
  } | null
  opcounters: Opcounters | null
  opcounters_replicated: Opcounters | null
  /** At this moment. */
  operations: {
    reading: number | null
    writing: number | null
    waiting_to_read: number | null
    waiting_to_write: number | null
  } | null
  memory: { resident_bytes: number | null; virtual_bytes: number | null } | null
  network: { bytes_in: number | null; bytes_out: number | null; requests: number | null } | null
  /** The storage engine's. */
  cache: {
    max_bytes: number | null
    used_bytes: number | null
    dirty_bytes: number | null
    read_bytes: number | null
    written_bytes: number | null
  } | null
  replication: {
    set: string | null
    state: 'primary' | 'secondary' | 'arbiter' | 'other'
    me: string | null
    primary: string | null
    hosts: string[]
    passives: string[]
    arbiters: string[]
    members: ReplicaMember[]
  } | null
  shards: Array<{ id: string; host: string }> | null
  /** This process's connections to it. */
  pool: { open: number; in_use: number; waiting: number; max: number }
  warnings: ServerWarning[]
}

/** Which operations to show. */
export interface ListOperationsOptions {
  /** Also connections and cursors that do nothing. */
  idle?: boolean
  min_seconds?: number
  /** `db` or `db.coll`. */
  ns?: string
  /** Show the values in commands; without, they are `?`. */
  values?: boolean
  /** Default 100, at most 1000. */
  limit?: number
}

/** An operation that runs. */
export interface RunningOperation {
  /** With the shard's name before it in a sharded cluster. */
  opid: number | string | null
  type: string | null
  op: string | null
  ns: string | null
  active: boolean | null
  seconds: number | null
  microseconds: number | null
  client: string | null
  app_name: string | null
  /** `name@database`. */
  users: string[]
  desc: string | null
  host: string | null
  shard: string | null
  command: Document | null
  /** For the next batch of a cursor: the command that opened it. */
  originating_command: Document | null
  comment: string | null
  plan_summary: string | null
  message: string | null
  done: number | null
  total: number | null
  waiting_for_lock: boolean | null
  kill_pending: boolean
  yields: number | null
  /** It was sent by this program. */
  own: boolean
  /** The request that sent it. */
  request_id: string | null
  /** The server runs it for itself; it can't be ended. */
  internal: boolean
}

/** Which records of a profiler to show. */
export interface ListRecordsOptions {
  min_ms?: number
  coll?: string
  op?: 'query' | 'insert' | 'update' | 'remove' | 'getmore' | 'command'
  /** Show the values in commands, and how they were executed. */
  values?: boolean
  /** Default 100, at most 1000. */
  limit?: number
  cursor?: string
}

/** An operation that a profiler recorded. */
export interface ProfilerRecord {
  /** ISO 8601. */
  at: string | null
  op: string | null
  ns: string | null
  milliseconds: number | null
  plan_summary: string | null
  keys_examined: number | null
  documents_examined: number | null
  returned: number | null
  inserted: number | null
  modified: number | null
  deleted: number | null
  response_bytes: number | null
  yields: number | null
  /** It sorted what no index had in order. */
  sorted: boolean
  used_disk: boolean
  query_hash: string | null
  client: string | null
  app_name: string | null
  user: string | null
  own: boolean
  request_id: string | null
  error_code: number | null
  error_name: string | null
  command: Document | null
  originating_command: Document | null
  execution?: Document
}

/** What a database's profiler recorded, from the newest on, and how it is set. */
export interface ProfilerPage {
  /** 0 records nothing, 1 slow operations, 2 all. */
  level: number | null
  slow_ms: number | null
  sample_rate: number | null
  filter: Document | null
  records: ProfilerRecord[]
  /** `null` on the last page. */
  cursor: string | null
  warnings: ServerWarning[]
}

/** The server itself. */
export class MongoServer {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** Version, figures, replica set or shards, and our connections; up to 30 seconds old unless `fresh`. */
  status(call?: CallOptions): Promise<ServerStatus> {
    return invoke(this.#binding, 'mongodb.server', {}, call)
  }

  /** What runs, the longest first. */
  operations(
    options: ListOperationsOptions = {},
    call?: CallOptions
  ): Promise<{ operations: RunningOperation[]; truncated: boolean; warnings: ServerWarning[] }> {
    return invoke(this.#binding, 'mongodb.operations.list', options, call)
  }

  /** Ends an operation; `ended` says whether it was gone a moment later. */
  kill(
    opid: number | string,
    call?: CallOptions
  ): Promise<{ operation: RunningOperation; ended: boolean }> {
    return invoke(this.#binding, 'mongodb.operations.kill', { opid: String(opid) }, call)
  }

  /** A page of what a database's profiler recorded. */
  profile(db: string, options: ListRecordsOptions = {}, call?: CallOptions): Promise<ProfilerPage> {
    return invoke(this.#binding, 'mongodb.profile', { ...options, db }, call)
  }

  /** All that a database's profiler recorded, page by page. */
  async *records(
    db: string,
    options: Omit<ListRecordsOptions, 'cursor'> = {},
    call?: CallOptions
  ): AsyncGenerator<ProfilerRecord> {
    let cursor: string | null | undefined
    do {
      const page = await this.profile(db, { ...options, ...(cursor ? { cursor } : {}) }, call)
      yield* page.records
      cursor = page.cursor
    } while (cursor)
  }
}
