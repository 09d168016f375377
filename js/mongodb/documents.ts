import { type Binding, type CallOptions, invoke } from '../invoke'
import type { Document, DocumentInput, Ejson, PipelineInput, ShownAs } from './document'
import type { ReadOptions } from './reading'
import { guarded, remember } from './seen'

/** Which documents, and how. */
export interface FindOptions extends ReadOptions {
  filter?: DocumentInput
  projection?: DocumentInput
  sort?: DocumentInput
  /** Documents per page, at most 1000; default 20. */
  limit?: number
  skip?: number
  /**
   * The `next_cursor` of the page before, or `''` for the first page. Documents are then sorted by
   * their `_id` in the end, and pages stay in step while others come and go.
   */
  cursor?: string
  /** Values that expressions in the filter can name, as `$$name`. */
  let?: DocumentInput
  ejson?: Ejson
  /** `text` hands documents out as texts, which nothing on the way has changed. */
  as?: ShownAs
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
  /** The state of each document, for `if_match`; `null` with a `projection`. */
  etags: string[] | null
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
  /** `text` hands documents out as texts, which nothing on the way has changed. */
  as?: ShownAs
}

/** A document and the state that it is in. */
export interface ReadDocument<T = Document> {
  /** `null` if there is none. */
  document: T | null
  /** A digest of the document as it is stored, byte for byte. */
  etag: string | null
}

/** What a change expects of the state of a document; one of these at most. */
export interface Guard {
  /** The etag that the document was read with. */
  if_match?: string
  /**
   * The document as it was read: the object that this client gave, which stands for the state that it
   * was read in, or canonical Extended JSON, as text if its order must count to the byte. Where another
   * is stored, the change is a conflict, and the error has that in `details.current` and
   * `details.etag`.
   */
  if_unchanged?: DocumentInput
}

/** A change to one document: operators, or the whole document. */
export interface UpdateInput extends Guard {
  /** Update operators, or an array of stages. */
  update?: DocumentInput | PipelineInput
  /** Which items of arrays `$[name]` in the operators means. */
  array_filters?: DocumentInput[]
  /**
   * The new document. With `if_match` or `if_unchanged`, only the fields that differ are written. The
   * fields of an object are in JavaScript's order: names like `10` come first.
   */
  replacement?: DocumentInput
  /** Makes the document if there is none. */
  upsert?: boolean
}

/** A document after it was changed. */
export interface Updated<T = Document> {
  matched_count: number
  /** Its `_id`, as canonical Extended JSON, if it was made. */
  upserted_id: unknown
  document: T | null
  /** The state that it is in now. */
  etag: string | null
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
  filter: DocumentInput
}

/** Which documents to change, and how. */
export interface ManyUpdate extends Selection {
  update: DocumentInput | PipelineInput
  arrayFilters?: DocumentInput[]
  upsert?: boolean
}

/** One write of a bulk. */
export type BulkWrite =
  | { insertOne: { document: DocumentInput } }
  | { updateOne: ManyUpdate }
  | { updateMany: ManyUpdate }
  | { replaceOne: Selection & { replacement: DocumentInput; upsert?: boolean } }
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
  find(
    db: string,
    coll: string,
    options: FindOptions & { as: 'text' },
    call?: CallOptions
  ): Promise<DocumentPage<string>>
  find<T = Document>(
    db: string,
    coll: string,
    options?: FindOptions,
    call?: CallOptions
  ): Promise<DocumentPage<T>>
  async find<T>(
    db: string,
    coll: string,
    options: FindOptions = {},
    call?: CallOptions
  ): Promise<DocumentPage<T>> {
    const page = await this.#invoke<DocumentPage<T>>('find', db, coll, options, call)
    page.etags?.forEach((etag, index) => remember(page.documents[index], etag))
    return page
  }

  /**
   * All matching documents, read page by page, each once: sorted by their `_id` in the end, and by it
   * alone without a `sort`. An index on the fields of the sort and `_id` keeps it quick.
   */
  each(
    db: string,
    coll: string,
    options: Omit<FindOptions, 'cursor' | 'count'> & { as: 'text' },
    call?: CallOptions
  ): AsyncGenerator<string>
  each<T = Document>(
    db: string,
    coll: string,
    options?: Omit<FindOptions, 'cursor' | 'count'>,
    call?: CallOptions
  ): AsyncGenerator<T>
  async *each<T>(
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
  get(
    db: string,
    coll: string,
    id: string,
    options: IdOptions & { as: 'text' },
    call?: CallOptions
  ): Promise<string | null>
  get<T = Document>(
    db: string,
    coll: string,
    id: string,
    options?: IdOptions,
    call?: CallOptions
  ): Promise<T | null>
  async get<T>(
    db: string,
    coll: string,
    id: string,
    options: IdOptions = {},
    call?: CallOptions
  ): Promise<T | null> {
    return (await this.read<T>(db, coll, id, options, call)).document
  }

  /** The same with its etag, which `if_match` of a change takes. */
  read(
    db: string,
    coll: string,
    id: string,
    options: IdOptions & { as: 'text' },
    call?: CallOptions
  ): Promise<ReadDocument<string>>
  read<T = Document>(
    db: string,
    coll: string,
    id: string,
    options?: IdOptions,
    call?: CallOptions
  ): Promise<ReadDocument<T>>
  async read<T>(
    db: string,
    coll: string,
    id: string,
    options: IdOptions = {},
    call?: CallOptions
  ): Promise<ReadDocument<T>> {
    const input = { ...options, id, with_etag: true }
    const found = await this.#invoke<ReadDocument<T>>('get', db, coll, input, call)
    remember(found.document, found.etag)
    return found
  }

  /** Inserts documents: in order up to the first that is refused, or all that can be. */
  insert(
    db: string,
    coll: string,
    documents: DocumentInput[],
    options: { ordered?: boolean } = {},
    call?: CallOptions
  ): Promise<Inserted> {
    return this.#invoke('insert', db, coll, { ...options, documents }, call)
  }

  /** Changes or replaces one document by `_id`. */
  update(
    db: string,
    coll: string,
    id: string,
    input: UpdateInput & IdOptions & { as: 'text' },
    call?: CallOptions
  ): Promise<Updated<string>>
  update<T = Document>(
    db: string,
    coll: string,
    id: string,
    input: UpdateInput & IdOptions,
    call?: CallOptions
  ): Promise<Updated<T>>
  async update<T>(
    db: string,
    coll: string,
    id: string,
    input: UpdateInput & IdOptions,
    call?: CallOptions
  ): Promise<Updated<T>> {
    const updated = await guarded(
      input,
      (input) => this.#invoke<Updated<T>>('update', db, coll, { ...input, id }, call),
      () => this.#shown(db, coll, id, input, call)
    )
    remember(updated.document, updated.etag)
    return updated
  }

  /** Deletes one document by `_id`. */
  delete(
    db: string,
    coll: string,
    id: string,
    options: Omit<IdOptions, 'ejson'> & Guard = {},
    call?: CallOptions
  ): Promise<{ deleted_count: number }> {
    return guarded(
      options,
      (options) => this.#invoke('delete', db, coll, { ...options, id }, call),
      () => this.#shown(db, coll, id, options, call)
    )
  }

  #shown(
    db: string,
    coll: string,
    id: string,
    { id_type, encoding }: Pick<IdOptions, 'id_type' | 'encoding'>,
    call?: CallOptions
  ): Promise<ReadDocument<unknown>> {
    const input = { id, id_type, encoding, ejson: 'relaxed', with_etag: true }
    return this.#invoke('get', db, coll, input, call)
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
   * What may together reach all that there are needs `confirm`, unless each names its document.
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
