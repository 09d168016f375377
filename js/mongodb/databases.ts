import { type Binding, type CallOptions, invoke } from '../invoke'
import type { CatalogListOptions, CreateCollectionOptions } from './collections'

/** A database. What the connection's user may not know is `null`. */
export interface DatabaseEntry {
  name: string
  /** Bytes. */
  size_on_disk: number | null
  empty: boolean | null
  /** How many collections and views it has. */
  collections: number | null
}

/** A database's figures; sizes are in units of `scale` bytes. */
export interface DatabaseStats {
  db: string
  collections: number
  views: number
  /** Documents. */
  objects: number
  /** Bytes of a document, whatever the scale. */
  avg_obj_size: number
  /** Documents, before compression. */
  data_size: number
  /** Collections, on disk. */
  storage_size: number
  indexes: number
  /** Indexes, on disk. */
  index_size: number
  /** Collections and indexes, on disk. */
  total_size: number
  fs_used_size: number | null
  fs_total_size: number | null
  scale: number
}

/** The databases of a server. */
export class MongoDatabases {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** The databases that the connection's user can see, by name. */
  list(options: CatalogListOptions = {}, call?: CallOptions): Promise<DatabaseEntry[]> {
    return invoke(this.#binding, 'mongodb.databases.list', options, call)
  }

  /** Makes a database with its first collection; a conflict if it is there already. */
  create(
    name: string,
    collection: string,
    options: CreateCollectionOptions = {},
    call?: CallOptions
  ): Promise<{ name: string; collection: string }> {
    const input = { name, collection, options }
    return invoke(this.#binding, 'mongodb.databases.create', input, call)
  }

  /** Removes a database with everything in it. `confirm` must be its exact name. */
  drop(db: string, confirm: string, call?: CallOptions): Promise<{ dropped: string }> {
    return invoke(this.#binding, 'mongodb.databases.drop', { db, confirm }, call)
  }

  /** A database's figures. */
  stats(db: string, options: { scale?: number } = {}, call?: CallOptions): Promise<DatabaseStats> {
    return invoke(this.#binding, 'mongodb.databases.stats', { ...options, db }, call)
  }
}
