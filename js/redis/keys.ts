import { type Binding, type CallOptions, invoke } from '../invoke'
import { open, records } from '../stream'
import type { EditResult, Expiry, RedisEdit } from './edit'
import type { KeyValue, RedisText, SetKeyInput } from './values'

/** What to list. */
export interface ListKeysOptions {
  /** Glob pattern; without glob characters it names one key. */
  pattern?: string
  /** Only keys of this type. */
  type?: string
  /** Where the page before ended. */
  cursor?: string
  /** Keys per page, at most 1000. */
  count?: number
  /** Metadata of each key: `type`, `ttl`, `size`, `encoding`. */
  with?: Array<'type' | 'ttl' | 'size' | 'encoding'>
}

/** One key of a page. */
export interface KeySummary {
  key: RedisText
  type?: string | null
  /** Seconds; −1 never expires, −2 is gone. */
  ttl?: number | null
  /** Bytes of memory. */
  size?: number | null
  encoding?: string | null
}

/** A page of keys. A key may recur on another page; the last page has cursor `"0"`. */
export interface KeyPage {
  keys: KeySummary[]
  cursor: string
  /** Keys that were examined for this page. */
  total_scanned: number
  /** Why the page ended. */
  ended_by: string
  /** The topology changed while the keys were listed. */
  may_be_incomplete?: boolean
  /** What the connection's user is not allowed to see. */
  warnings?: Array<{ field: string; code: string; message: string }>
}

/** What an answer about the keyspace may cost; wishes beyond the limits are held to them. */
export interface KeyBudget {
  /** Keys that are examined; default 100 000, at most 1 000 000. */
  max_examined?: number
  /** Milliseconds; default 2000, from 10 to 10 000. */
  max_ms?: number
}

/** What to browse. */
export interface BrowseOptions extends ListKeysOptions, KeyBudget {
  /** Only keys that begin with this, whatever characters it has; instead of `pattern`. */
  prefix?: RedisText
}

/** Which namespaces to count. */
export interface TreeOptions {
  /** Only keys that begin with this. */
  prefix?: RedisText
  /** What ends a namespace; default `:`. */
  separator?: RedisText
  /** Levels below the prefix, 1 to 8; default 1. */
  depth?: number
  /** Only keys of this type. */
  type?: string
  /** Namespaces told apart, and keys named; default 1000. */
  limit?: number
  /** Where the answer before ended; counts are then of what is behind it. */
  cursor?: string
}

/** Namespaces and keys that are new, or whose count has changed, since the record before. */
export interface TreeRecord {
  /** With the keys counted so far, which replace what an earlier record said. */
  namespaces: Array<{ prefix: RedisText; keys: number }>
  /** Keys in no namespace of the levels that are counted. */
  keys: RedisText[]
  /** How many of those there are, named or not. */
  leaf_keys: number
  /** Keys in namespaces beyond the limit. */
  other_keys: number
  /** Keys that were examined so far, of `total`; estimated while the server filters. */
  examined: number
  /** `DBSIZE`; `null` where the user may not know. */
  total: number | null
  /** The last record has what follows. */
  done: boolean
  /** Every key was examined. */
  complete?: boolean
  ended_by?: 'keyspace' | 'examined' | 'time'
  cursor?: string
  /** The limit was reached. */
  limited?: boolean
  may_be_incomplete?: boolean
  warnings?: KeyPage['warnings']
}

/** Which part of a value. */
export interface ReadKeyOptions {
  /** What the page before gave; `"0"` is the end. */
  cursor?: string
  /** First byte, bit or index. */
  offset?: number
  /** Bytes, bits or elements. */
  count?: number
  /** From the end: lists, sorted sets, streams. */
  reverse?: boolean
  /** Lowest score, `(1.5` for greater than 1.5; or lowest id. */
  min?: string | number
  /** Highest score, `(1.5` for less than 1.5; or highest id. */
  max?: string | number
  /** Fields or members that match this glob pattern. */
  pattern?: RedisText
  /** `bits` shows a string as a bitmap. */
  view?: 'value' | 'bits'
}

/** Which pending entries of a group. */
export interface ReadPendingOptions {
  consumer?: RedisText
  min?: string
  max?: string
  min_idle_ms?: number
  cursor?: string
  /** At most 1000. */
  count?: number
}

/** A page of entries that were delivered to a group and not acknowledged. */
export interface PendingPage {
  summary: {
    pending: number
    min_id: string | null
    max_id: string | null
    consumers: Array<{ name: RedisText; pending: number }>
  }
  entries: Array<{ id: string; consumer: RedisText; idle_ms: number; deliveries: number }>
  cursor: string
}

/** What the server then has. */
export interface Lifetime {
  key: RedisText
  ttl: number | null
  ttl_ms: number | null
}

/** The keys of a connection. `redis.keys`. */
export class RedisKeys {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** One page of keys with their metadata. */
  list(options: BrowseOptions = {}, call?: CallOptions): Promise<KeyPage> {
    return invoke(this.#binding, 'redis.keys.list', options, call)
  }

  /** Namespaces with counts, as far as the budget goes; `complete` says whether that was everything. */
  tree(options: TreeOptions & KeyBudget = {}, call?: CallOptions): Promise<TreeRecord> {
    return invoke(this.#binding, 'redis.tree', options, call)
  }

  /** The same to the end, told while it is counted. Leaving the loop ends it. */
  watchTree(options: TreeOptions = {}, call?: CallOptions): AsyncGenerator<TreeRecord> {
    return records(this.#binding, 'redis.tree', options, call)
  }

  /** A value, or a page of it, with type, TTL and size. */
  get(key: RedisText, options: ReadKeyOptions = {}, call?: CallOptions): Promise<KeyValue> {
    return invoke(this.#binding, 'redis.keys.get', { ...options, key }, call)
  }

  /** The bytes of a string of any length; fails where its length changes meanwhile. */
  download(key: RedisText, call?: CallOptions): Promise<AsyncGenerator<Buffer>> {
    return open(this.#binding, 'redis.keys.download', { key }, call)
  }

  /** Stores a value of any type in place of what was there. */
  set(key: RedisText, input: SetKeyInput, call?: CallOptions): Promise<Record<string, unknown>> {
    return invoke(this.#binding, 'redis.keys.set', { ...input, key }, call)
  }

  /**
   * Changes a value in place. The key keeps the time that it has left, unless `expiry` says
   * otherwise; one that was deleted meanwhile stays deleted.
   */
  edit(
    key: RedisText,
    edit: RedisEdit,
    expiry: Expiry = {},
    call?: CallOptions
  ): Promise<EditResult> {
    return invoke(this.#binding, 'redis.keys.edit', { ...expiry, edit, key }, call)
  }

  /** Removes a key. */
  delete(key: RedisText, call?: CallOptions): Promise<{ deleted: number }> {
    return invoke(this.#binding, 'redis.keys.delete', { key }, call)
  }

  /** Sets when a key ends. */
  expire(key: RedisText, expiry: Expiry, call?: CallOptions): Promise<Lifetime> {
    return invoke(this.#binding, 'redis.keys.expire', { ...expiry, key }, call)
  }

  /** Lets a key live on. */
  persist(key: RedisText, call?: CallOptions): Promise<Lifetime> {
    return this.expire(key, { ttl: -1 }, call)
  }

  /** Renames a key. With `nx: false` a key that has the new name is lost. */
  rename(
    key: RedisText,
    to: RedisText,
    options: { nx?: boolean } = {},
    call?: CallOptions
  ): Promise<Lifetime & { renamed_from: RedisText }> {
    return invoke(this.#binding, 'redis.keys.rename', { ...options, to, key }, call)
  }

  /** Copies a key, into another `db` of the server if that is given. */
  copy(
    key: RedisText,
    to: RedisText,
    options: { nx?: boolean; db?: number } = {},
    call?: CallOptions
  ): Promise<Lifetime & { copied_from: RedisText }> {
    return invoke(this.#binding, 'redis.keys.copy', { ...options, to, key }, call)
  }

  /** A stream with its consumer groups, in the words of `XINFO`. */
  groups(
    key: RedisText,
    call?: CallOptions
  ): Promise<{
    stream: Record<string, unknown>
    groups: Array<Record<string, unknown>>
    truncated: boolean
  }> {
    return invoke(this.#binding, 'redis.keys.groups', { key }, call)
  }

  /** The consumers of a group. */
  consumers(
    key: RedisText,
    group: RedisText,
    call?: CallOptions
  ): Promise<{
    consumers: Array<{ name: RedisText; pending: number; idle_ms: number; inactive_ms?: number }>
    truncated: boolean
  }> {
    return invoke(this.#binding, 'redis.keys.consumers', { key, group }, call)
  }

  /** Entries that were delivered to a group and not acknowledged. */
  pending(
    key: RedisText,
    group: RedisText,
    options: ReadPendingOptions = {},
    call?: CallOptions
  ): Promise<PendingPage> {
    return invoke(this.#binding, 'redis.keys.pending', { ...options, key, group }, call)
  }
}
