import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Answer, Input } from '../../core/operations'
import type { BulkPreview, BulkWritten, DocumentWithEtag } from '../../generated/schemas'
import type { As, Document, DocumentInput, ShownDocument } from './document'
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
export class Documents extends Client {
  /** A page of documents. */
  async find<T = Document, A extends As = As>(
    db: string,
    coll: string,
    options: FindOptions & { as?: A } = {},
    call?: CallOptions
  ): Promise<DocumentPage<ShownDocument<T, A>>> {
    const input = { ...options, db, coll }
    const page = await this.binding.call('mongodb.documents.find', input, call)
    page.etags?.forEach((etag, index) => remember(page.documents[index], etag))
    return page as DocumentPage<ShownDocument<T, A>>
  }

  /**
   * All matching documents, read page by page, each once: sorted by their `_id` in the end, and by it
   * alone without a `sort`. An index on the fields of the sort and `_id` keeps it quick.
   */
  async *each<T = Document, A extends As = As>(
    db: string,
    coll: string,
    options: Omit<FindOptions, 'cursor' | 'count'> & { as?: A } = {},
    call?: CallOptions
  ): AsyncGenerator<ShownDocument<T, A>> {
    const walk = { limit: 1000, ...options, count: false }
    let place: Pick<FindOptions, 'cursor' | 'skip'> = { cursor: '', skip: options.skip ?? 0 }
    for (let seen = options.skip ?? 0; ;) {
      const page = await this.find<T, A>(db, coll, { ...walk, ...place }, call)
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
  async get<T = Document, A extends As = As>(
    db: string,
    coll: string,
    id: string,
    options: IdOptions & { as?: A } = {},
    call?: CallOptions
  ): Promise<ShownDocument<T, A> | null> {
    return (await this.read<T, A>(db, coll, id, options, call)).document
  }

  /** The same with its etag, which `if_match` of a change takes. */
  async read<T = Document, A extends As = As>(
    db: string,
    coll: string,
    id: string,
    options: IdOptions & { as?: A } = {},
    call?: CallOptions
  ): Promise<ReadDocument<ShownDocument<T, A>>> {
    const input = { ...options, db, coll, id, with_etag: true }
    const found = (await this.binding.call('mongodb.documents.get', input, call)) as ReadDocument<
      ShownDocument<T, A>
    >
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
    return this.binding.call('mongodb.documents.insert', { ...options, db, coll, documents }, call)
  }

  /** Changes or replaces one document by `_id`. */
  async update<T = Document, A extends As = As>(
    db: string,
    coll: string,
    id: string,
    input: UpdateInput & { as?: A },
    call?: CallOptions
  ): Promise<Updated<ShownDocument<T, A>>> {
    const updated = await guarded(
      input,
      (input) => this.binding.call('mongodb.documents.update', { ...input, db, coll, id }, call),
      () => this.#shown(db, coll, id, input, call)
    )
    remember(updated.document, updated.etag)
    return updated as Updated<ShownDocument<T, A>>
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
        this.binding.call('mongodb.documents.delete', { ...options, db, coll, id }, call),
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
    return (await this.binding.call('mongodb.documents.bulk', input, call)) as BulkReached<T>
  }

  async #write(
    db: string,
    coll: string,
    input: Omit<Bulk, 'db' | 'coll' | 'dry_run'>,
    call?: CallOptions
  ) {
    const written = await this.binding.call('mongodb.documents.bulk', { ...input, db, coll }, call)
    return written as BulkWritten
  }
}
