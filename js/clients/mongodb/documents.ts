import type { Binding, CallOptions } from '../../core/binding'
import type { Answer, Input } from '../../core/operations'
import type { BulkPreview, BulkWritten, DocumentWithEtag } from '../../generated/schemas'
import type { Document, DocumentInput } from './document'
import { guarded, remember } from './seen'

/** Which documents, and how. */
export type FindOptions = Input<'mongodb.documents.find', 'db' | 'coll'>

/** A page of documents. */
export type DocumentPage<T> = Omit<Answer<'mongodb.documents.find'>, 'documents'> & {
  documents: T[]
}

/** How an `_id` is meant, and how its document is shown. */
export type IdOptions = Input<'mongodb.documents.get', 'db' | 'coll' | 'id' | 'with_etag'>

/** A document and the state that it is in. */
export type ReadDocument<T> = Omit<DocumentWithEtag, 'document'> & { document: T | null }

/** A change to one document: operators, or the whole document. */
export type UpdateInput = Input<'mongodb.documents.update', 'db' | 'coll' | 'id'>

/** A document after it was changed. */
export type Updated<T> = Omit<Answer<'mongodb.documents.update'>, 'document'> & {
  document: T | null
}

/** What a bulk would reach. */
export type BulkReached<T> = BulkPreview & { writes: Array<{ sample: T[] }> }

type Bulk = Input<'mongodb.documents.bulk'>

/** One write of a bulk. */
export type BulkWrite = NonNullable<Bulk['bulkWrite']>[number]

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
    const input = { ...options, db, coll }
    const page = (await this.#binding.call(
      'mongodb.documents.find',
      input,
      call
    )) as DocumentPage<T>
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
    const input = { ...options, db, coll, id, with_etag: true }
    const found = (await this.#binding.call(
      'mongodb.documents.get',
      input,
      call
    )) as ReadDocument<T>
    remember(found.document, found.etag)
    return found
  }

  /** Inserts documents: in order up to the first that is refused, or all that can be. */
  insert(
    db: string,
    coll: string,
    documents: DocumentInput[],
    options: Input<'mongodb.documents.insert', 'db' | 'coll' | 'documents'> = {},
    call?: CallOptions
  ) {
    return this.#binding.call('mongodb.documents.insert', { ...options, db, coll, documents }, call)
  }

  /** Changes or replaces one document by `_id`. */
  update(
    db: string,
    coll: string,
    id: string,
    input: UpdateInput & { as: 'text' },
    call?: CallOptions
  ): Promise<Updated<string>>
  update<T = Document>(
    db: string,
    coll: string,
    id: string,
    input: UpdateInput,
    call?: CallOptions
  ): Promise<Updated<T>>
  async update<T>(
    db: string,
    coll: string,
    id: string,
    input: UpdateInput,
    call?: CallOptions
  ): Promise<Updated<T>> {
    const updated = await guarded(
      input,
      (input) =>
        this.#binding.call('mongodb.documents.update', { ...input, db, coll, id }, call) as Promise<
          Updated<T>
        >,
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
    options: Input<'mongodb.documents.delete', 'db' | 'coll' | 'id'> = {},
    call?: CallOptions
  ) {
    return guarded(
      options,
      (options) =>
        this.#binding.call('mongodb.documents.delete', { ...options, db, coll, id }, call),
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
    return this.read<unknown>(db, coll, id, { id_type, encoding, ejson: 'relaxed' }, call)
  }

  /** Changes all documents that match. What reaches all that there are needs `confirm`. */
  updateMany(
    db: string,
    coll: string,
    updateMany: NonNullable<Bulk['updateMany']>,
    options: Pick<Bulk, 'confirm'> = {},
    call?: CallOptions
  ) {
    return this.#write(db, coll, { ...options, updateMany }, call)
  }

  /** Deletes all documents that match. What reaches all that there are needs `confirm`. */
  deleteMany(
    db: string,
    coll: string,
    deleteMany: NonNullable<Bulk['deleteMany']>,
    options: Pick<Bulk, 'confirm'> = {},
    call?: CallOptions
  ) {
    return this.#write(db, coll, { ...options, deleteMany }, call)
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
    options: Pick<Bulk, 'ordered' | 'confirm'> = {},
    call?: CallOptions
  ) {
    return this.#write(db, coll, { ...options, bulkWrite }, call)
  }

  /** How many documents at most 100 writes would reach, and some of them. Writes nothing. */
  async preview<T = Document>(
    db: string,
    coll: string,
    bulkWrite: BulkWrite[],
    options: Pick<Bulk, 'sample' | 'ejson'> = {},
    call?: CallOptions
  ) {
    const input = { ...options, db, coll, bulkWrite, dry_run: true }
    return (await this.#binding.call('mongodb.documents.bulk', input, call)) as BulkReached<T>
  }

  async #write(
    db: string,
    coll: string,
    input: Omit<Bulk, 'db' | 'coll' | 'dry_run'>,
    call?: CallOptions
  ) {
    const written = await this.#binding.call('mongodb.documents.bulk', { ...input, db, coll }, call)
    return written as BulkWritten
  }
}
