import { type Binding, type CallOptions, invoke } from '../invoke'
import type { Document, Ejson } from './document'
import type { ReadOptions } from './reading'

/** Which documents, and how. */
export interface FindOptions extends ReadOptions {
  filter?: Document
  projection?: Document
  sort?: Document
  /** Documents per page, at most 1000; default 20. */
  limit?: number
  skip?: number
  /**
   * The `next_cursor` of the page before, or `''` for the first page. Documents are then sorted by
   * their `_id` in the end, and pages stay in step while others come and go.
   */
  cursor?: string
  /** Values that expressions in the filter can name, as `$$name`. */
  let?: Document
  ejson?: Ejson
  /** Whether to find out how many documents match; default true. */
  count?: boolean
}

/** How many documents match. */
export interface DocumentCount {
  value: number | null
  kind: 'exact' | 'estimate' | 'timeout'
}

/** A page of documents. */
export interface DocumentPage<T = Document> {
  documents: T[]
  total: number | null
  count: DocumentCount | null
  page: number
  page_size: number
  has_more: boolean
  /** The page ended early, because one answer holds no more bytes. */
  truncated: boolean
  /** Where the next page begins, if a cursor was asked for and it can be told. */
  next_cursor: string | null
}

/** How an `_id` is meant. */
export interface IdOptions {
  /** Its type, where it is neither an `ObjectId` nor a string: `int`, `long`, `uuid`… */
  id_type?: string
  /** The `_id` is given as base64url of canonical Extended JSON. */
  encoding?: 'base64url'
  ejson?: Ejson
}

/** A change to one document: operators, or the whole document. */
export interface UpdateInput {
  /** Update operators, or an array of stages. */
  update?: Document | Document[]
  /** Which items of arrays `$[name]` in the operators means. */
  array_filters?: Document[]
  /** The new document. With `if_unchanged`, only the fields that differ from that are written. */
  replacement?: Document
  /** Makes the document if there is none. */
  upsert?: boolean
  /**
   * The document as it was read, as canonical Extended JSON. One that is stored and is not the same
   * byte for byte is a conflict, and the error has it in `details.current`.
   */
  if_unchanged?: Document
}

/** A document after it was changed. */
export interface Updated<T = Document> {
  matched_count: number
  /** Its `_id`, as canonical Extended JSON, if it was made. */
  upserted_id: unknown
  document: T | null
}

/** What was inserted. */
export interface Inserted {
  /** Texts: the digits of an `ObjectId`, a string as it is, else canonical Extended JSON. */
  inserted_ids: string[]
  /** The same as canonical Extended JSON. */
  ids: unknown[]
  inserted_count: number
}

/** Which documents to change or delete. */
export interface Selection extends Pick<ReadOptions, 'collation' | 'hint'> {
  filter: Document
}

/** Which documents to change, and how. */
export interface ManyUpdate extends Selection {
  update: Document | Document[]
  arrayFilters?: Document[]
  upsert?: boolean
}

/** One write of a bulk. */
export type BulkWrite =
  | { insertOne: { document: Document } }
  | { updateOne: ManyUpdate }
  | { updateMany: ManyUpdate }
  | { replaceOne: Selection & { replacement: Document; upsert?: boolean } }
  | { deleteOne: Selection }
  | { deleteMany: Selection }

/** What a bulk wrote. A failure has the same in its `details`, with `write_errors`. */
export interface BulkResult {
  inserted_count: number
  matched_count: number
  modified_count: number
  deleted_count: number
  /** New ids as canonical Extended JSON, with the index of their write. */
  inserted: { index: number; _id: unknown }[]
  upserted: { index: number; _id: unknown }[]
}

/** What a bulk would reach. */
export interface BulkPreview<T = Document> {
  dry_run: true
  writes: { index: number; matched: DocumentCount; sample: T[] }[]
}

/** How much a preview shows. */
export interface PreviewOptions {
  /** Documents of each write; default 5, at most 20. */
  sample?: number
  ejson?: Ejson
}

/** Documents of collections. `mongo.documents`. */
export class Documents {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** A page of documents. */
  find<T = Document>(
    db: string,
    coll: string,
    options: FindOptions = {},
    call?: CallOptions
  ): Promise<DocumentPage<T>> {
    return this.#invoke('find', db, coll, options, call)
  }

  /**
   * All matching documents, read page by page, each once: sorted by their `_id` in the end, and by it
   * alone without a `sort`. An index on the fields of the sort and `_id` keeps it quick.
   */
  async *each<T = Document>(
    db: string,
    coll: string,
    options: Omit<FindOptions, 'cursor' | 'count'> = {},
    call?: CallOptions
  ): AsyncGenerator<T> {
    const walk = { limit: 1000, ...options, count: false }
    let place: Pick<FindOptions, 'cursor' | 'skip'> = { cursor: '', skip: options.skip ?? 0 }
    for (let seen = options.skip ?? 0; ;) {
      const page = await this.find<T>(db, coll, { ...walk, ...place }, call)
      yield* page.documents
      if (!page.has_more) return
      seen += page.documents.length
      place =
        page.next_cursor === null
          ? { cursor: '', skip: seen }
          : { cursor: page.next_cursor, skip: 0 }
    }
  }

  /** One document by `_id`; `null` if there is none. */
  get<T = Document>(
    db: string,
    coll: string,
    id: string,
    options: IdOptions = {},
    call?: CallOptions
  ): Promise<T | null> {
    return this.#invoke('get', db, coll, { ...options, id }, call)
  }

  /** Inserts documents: in order up to the first that is refused, or all that can be. */
  insert(
    db: string,
    coll: string,
    documents: Document[],
    options: { ordered?: boolean } = {},
    call?: CallOptions
  ): Promise<Inserted> {
    return this.#invoke('insert', db, coll, { ...options, documents }, call)
  }

  /** Changes or replaces one document by `_id`. */
  update<T = Document>(
    db: string,
    coll: string,
    id: string,
    input: UpdateInput & IdOptions,
    call?: CallOptions
  ): Promise<Updated<T>> {
    return this.#invoke('update', db, coll, { ...input, id }, call)
  }

  /** Deletes one document by `_id`. */
  delete(
    db: string,
    coll: string,
    id: string,
    options: Omit<IdOptions, 'ejson'> & Pick<UpdateInput, 'if_unchanged'> = {},
    call?: CallOptions
  ): Promise<{ deleted_count: number }> {
    return this.#invoke('delete', db, coll, { ...options, id }, call)
  }

  /** Changes all documents that match. What reaches all that there are needs `confirm`. */
  updateMany(
    db: string,
    coll: string,
    updateMany: ManyUpdate,
    options: { confirm?: boolean } = {},
    call?: CallOptions
  ): Promise<BulkResult> {
    return this.#invoke('bulk', db, coll, { ...options, updateMany }, call)
  }

  /** Deletes all documents that match. What reaches all that there are needs `confirm`. */
  deleteMany(
    db: string,
    coll: string,
    deleteMany: Selection,
    options: { confirm?: boolean } = {},
    call?: CallOptions
  ): Promise<BulkResult> {
    return this.#invoke('bulk', db, coll, { ...options, deleteMany }, call)
  }

  /**
   * Writes of any kind, at most 100000: in order up to the first that fails, or all that can be made.
   * None is ever sent again; after a lost answer, `details.unknown_indexes` says which are in doubt.
   */
  bulkWrite(
    db: string,
    coll: string,
    bulkWrite: BulkWrite[],
    options: { ordered?: boolean; confirm?: boolean } = {},
    call?: CallOptions
  ): Promise<BulkResult> {
    return this.#invoke('bulk', db, coll, { ...options, bulkWrite }, call)
  }

  /** How many documents at most 100 writes would reach, and some of them. Writes nothing. */
  preview<T = Document>(
    db: string,
    coll: string,
    bulkWrite: BulkWrite[],
    options: PreviewOptions = {},
    call?: CallOptions
  ): Promise<BulkPreview<T>> {
    return this.#invoke('bulk', db, coll, { ...options, bulkWrite, dry_run: true }, call)
  }

  #invoke<T>(name: string, db: string, coll: string, input: object, call?: CallOptions) {
    return invoke<T>(this.#binding, `mongodb.documents.${name}`, { ...input, db, coll }, call)
  }
}
