import { type Binding, type CallOptions, invoke } from '../invoke'
import type { Document, DocumentInput, PipelineInput } from './document'
import type { DocumentCount } from './documents'

/** Which part of a list to show. */
export interface CatalogListOptions {
  /** Entries at most; default, and at most, 1000. */
  limit?: number
  /** Begin after the entry of this name. */
  after?: string
  /** `false` leaves sizes and counts out, which is faster. */
  info?: boolean
}

/** A collection or view. */
export interface CollectionEntry {
  name: string
  /** As the server names it. */
  type: string
  /** What it is for those who use it. */
  kind: 'collection' | 'capped' | 'view' | 'timeseries'
  /** What it was created with. */
  options: Document
  /** Its sizes; `null` for a view, and where they could not be told in time. */
  info: CollectionSizes | null
}

/** Sizes of a collection, in bytes. */
export interface CollectionSizes {
  /** Documents; `null` for a time series. */
  count: number | null
  /** Documents, before compression. */
  size: number
  avg_obj_size: number | null
  /** On disk. */
  storage_size: number
  indexes: number
  /** Indexes, on disk. */
  index_size: number
  capped: boolean
}

/** Which documents a validator is applied to. */
export type ValidationLevel = 'off' | 'strict' | 'moderate'

/** What becomes of a document that a validator does not match. */
export type ValidationAction = 'error' | 'warn' | 'errorAndLog'

/** Options of a new collection or view, as servers name them. */
export interface CreateCollectionOptions {
  capped?: boolean
  /** Bytes that a capped collection holds at most. */
  size?: number
  /** Documents that a capped collection holds at most. */
  max?: number
  validator?: DocumentInput
  validationLevel?: ValidationLevel
  validationAction?: ValidationAction
  collation?: Document
  timeseries?: {
    timeField: string
    metaField?: string
    granularity?: 'seconds' | 'minutes' | 'hours'
    bucketMaxSpanSeconds?: number
    bucketRoundingSeconds?: number
  }
  /** Of a time series or a clustered collection. */
  expireAfterSeconds?: number
  clusteredIndex?: { key: { _id: 1 }; unique: true; name?: string }
  /** Makes a view of this collection. */
  viewOn?: string
  pipeline?: PipelineInput
  changeStreamPreAndPostImages?: { enabled: boolean }
}

/** Options of a collection or view that can be changed, as servers name them. */
export interface ChangeCollectionOptions {
  /** `{}` for no rules. */
  validator?: DocumentInput
  validationLevel?: ValidationLevel
  validationAction?: ValidationAction
  expireAfterSeconds?: number | 'off'
  timeseries?: {
    granularity?: 'seconds' | 'minutes' | 'hours'
    bucketMaxSpanSeconds?: number
    bucketRoundingSeconds?: number
  }
  cappedSize?: number
  cappedMax?: number
  viewOn?: string
  pipeline?: PipelineInput
  changeStreamPreAndPostImages?: { enabled: boolean }
}

/** A collection after a change. */
export interface ChangedCollection {
  /** As in the list; `null` if it could not be looked at. */
  collection: CollectionEntry | null
  /** What the server told of the change: values before and after. */
  result: Document
}

/** How documents do by a validator. */
export interface Validation<T = Document> {
  /** Whether all match; `null` if that could not be found out in time. */
  valid: boolean | null
  violating: DocumentCount
  /** Some that don't match. */
  documents: T[]
  /** Some were left out because of their size. */
  truncated: boolean
}

/** The collections and views of a server's databases. */
export class MongoCollections {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** The collections and views of a database, by name. */
  list(
    db: string,
    options: CatalogListOptions = {},
    call?: CallOptions
  ): Promise<CollectionEntry[]> {
    return invoke(this.#binding, 'mongodb.collections.list', { ...options, db }, call)
  }

  /** Makes a collection or a view; a conflict if it is there already. */
  create(
    db: string,
    name: string,
    options: CreateCollectionOptions = {},
    call?: CallOptions
  ): Promise<{ name: string }> {
    return invoke(this.#binding, 'mongodb.collections.create', { db, name, options }, call)
  }

  /** Removes a collection with everything in it. `confirm` must be its exact name. */
  drop(
    db: string,
    coll: string,
    confirm: string,
    call?: CallOptions
  ): Promise<{ dropped: string }> {
    return invoke(this.#binding, 'mongodb.collections.drop', { db, coll, confirm }, call)
  }

  /** Renames a collection. With `replace`, the exact new name once more, one that has it is removed. */
  rename(
    db: string,
    coll: string,
    to: string,
    { replace }: { replace?: string } = {},
    call?: CallOptions
  ): Promise<ChangedCollection> {
    const target = replace === undefined ? {} : { drop_target: true, confirm: replace }
    return this.#change({ db, coll, rename: to, ...target }, call)
  }

  /**
   * Changes options. With `ifValid`, a validator that a document does not match is a conflict and is
   * not set.
   */
  modify(
    db: string,
    coll: string,
    options: ChangeCollectionOptions,
    { ifValid = false }: { ifValid?: boolean } = {},
    call?: CallOptions
  ): Promise<ChangedCollection> {
    return this.#change({ db, coll, options, if_valid: ifValid }, call)
  }

  /**
   * Gives a collection a fixed size in bytes. Documents that don't fit and all indexes are removed;
   * `confirm` must be its exact name.
   */
  convertToCapped(
    db: string,
    coll: string,
    size: number,
    confirm: string,
    call?: CallOptions
  ): Promise<ChangedCollection> {
    return this.#change({ db, coll, convert_to_capped: size, confirm }, call)
  }

  /** Looks for documents that a validator would refuse. */
  validate<T = Document>(
    db: string,
    coll: string,
    validator: DocumentInput,
    options: { limit?: number; max_time_ms?: number; ejson?: 'relaxed' | 'canonical' } = {},
    call?: CallOptions
  ): Promise<Validation<T>> {
    const input = { ...options, db, coll, validator }
    return invoke(this.#binding, 'mongodb.collections.validate', input, call)
  }

  #change(input: object, call?: CallOptions): Promise<ChangedCollection> {
    return invoke(this.#binding, 'mongodb.collections.change', input, call)
  }
}
