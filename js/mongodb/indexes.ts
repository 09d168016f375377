import { type Binding, type CallOptions, invoke } from '../invoke'
import { records } from '../stream'
import type { ChangedCollection } from './collections'
import type { Document, DocumentInput } from './document'
import type { ServerWarning } from './server'

/** What an index has of a field: its values in order, or something made of them. */
export type IndexOrder = 1 | -1 | 'text' | '2dsphere' | '2d' | 'hashed'

/**
 * The fields of an index in their order, or the text of them: JavaScript puts names like `10` first.
 */
export type IndexKey = Record<string, IndexOrder> | string

/** Options of a new index, as servers name them. */
export interface IndexOptions {
  /** Made of the fields if not given, as drivers do it. */
  name?: string
  unique?: boolean
  sparse?: boolean
  hidden?: boolean
  expireAfterSeconds?: number
  partialFilterExpression?: DocumentInput
  collation?: Document
  wildcardProjection?: DocumentInput
  weights?: Record<string, number>
  default_language?: string
  language_override?: string
  textIndexVersion?: number
  '2dsphereIndexVersion'?: number
  bits?: number
  min?: number
  max?: number
  /** Let it be built on when the caller leaves or the time is up. */
  background?: boolean
}

/** How many members of a replica set must be ready before an index is used. */
export interface BuildOptions {
  commit_quorum?: number | string
}

/** How far an index is. What the connection's user may not see is `null`. */
export interface IndexProgress {
  /** In the server's words. */
  message: string | null
  done: number | null
  total: number | null
  seconds: number | null
}

/** A new index: `exists` if it was there already, `building` if it is not ready yet. */
export interface IndexState extends Partial<IndexProgress> {
  name: string
  state: 'built' | 'exists' | 'building'
}

/** How often an index was used. Each server counts for itself. */
export interface IndexUsage {
  ops: number
  /** All servers that were asked have counted since then; ISO 8601. */
  since: string | null
  hosts: Array<{ host: string; shard?: string; ops: number; since: string | null }>
}

/** What speaks against keeping an index as it is. */
export interface IndexWarning {
  kind: 'duplicate' | 'prefix' | 'unused' | 'hidden'
  reason: string
  /** The index that serves the same queries. */
  covered_by?: string
}

/** What an index takes and what it is worth. */
export interface IndexFigures {
  name: string
  /** Bytes; `null` where the connection's user may not know. */
  size: number | null
  usage: IndexUsage | null
  /** `null` once it is ready. */
  building: IndexProgress | null
  warnings: IndexWarning[]
}

/** An index. */
export interface IndexEntry extends IndexFigures {
  key: Record<string, IndexOrder>
  kind: 'single' | 'compound' | 'text' | '2dsphere' | '2d' | 'hashed' | 'wildcard' | 'clustered'
  unique: boolean
  sparse: boolean
  hidden: boolean
  /** Seconds. */
  ttl: number | null
  partial_filter: Document | null
  collation: Document | null
  wildcard_projection: Document | null
  /** What else it was created with. */
  options: Document
}

/** What the indexes of a collection take. */
export interface IndexStats {
  /** Bytes. */
  total_size: number | null
  indexes: IndexFigures[]
  /** What the connection's user may not know. */
  warnings: ServerWarning[]
}

/** The indexes of collections. */
export class MongoIndexes {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** The indexes of a collection, by name. */
  list(db: string, coll: string, call?: CallOptions): Promise<IndexEntry[]> {
    return invoke(this.#binding, 'mongodb.indexes.list', { db, coll }, call)
  }

  /** What they take and how often they were used, and what could not be told. */
  stats(db: string, coll: string, call?: CallOptions): Promise<IndexStats> {
    return invoke(this.#binding, 'mongodb.indexes.stats', { db, coll }, call)
  }

  /** Makes an index, and waits until it is ready. */
  create(
    db: string,
    coll: string,
    key: IndexKey,
    options: IndexOptions & BuildOptions = {},
    call?: CallOptions
  ): Promise<IndexState> {
    return invoke(this.#binding, 'mongodb.indexes.create', input(db, coll, key, options), call)
  }

  /**
   * Makes an index however long that takes, and tells how far it is, until it is ready. Leaving the
   * loop gives it up.
   */
  build(
    db: string,
    coll: string,
    key: IndexKey,
    options: IndexOptions & BuildOptions = {},
    call?: CallOptions
  ): AsyncGenerator<IndexState> {
    return records(this.#binding, 'mongodb.indexes.create', input(db, coll, key, options), call)
  }

  /** Removes one index, by its exact name. */
  drop(db: string, coll: string, name: string, call?: CallOptions): Promise<{ dropped: string }> {
    return invoke(this.#binding, 'mongodb.indexes.drop', { db, coll, name }, call)
  }

  /** Lets no query use an index. It is kept up to date. */
  hide(db: string, coll: string, name: string, call?: CallOptions): Promise<ChangedCollection> {
    return this.modify(db, coll, name, { hidden: true }, call)
  }

  /** Lets queries use an index again. */
  unhide(db: string, coll: string, name: string, call?: CallOptions): Promise<ChangedCollection> {
    return this.modify(db, coll, name, { hidden: false }, call)
  }

  /** Changes what can be changed of an index. */
  modify(
    db: string,
    coll: string,
    name: string,
    change: {
      hidden?: boolean
      expireAfterSeconds?: number
      prepareUnique?: boolean
      unique?: true
    },
    call?: CallOptions
  ): Promise<ChangedCollection> {
    const input = { db, coll, index: { ...change, name } }
    return invoke(this.#binding, 'mongodb.collections.change', input, call)
  }
}

function input(
  db: string,
  coll: string,
  key: IndexKey,
  { commit_quorum, ...options }: IndexOptions & BuildOptions
) {
  return { db, coll, key, options, commit_quorum }
}
