import { type AggregateInput, Aggregations } from './aggregations'
import { Analysis } from './analysis'
import { type Binding, type CallOptions, invoke } from '../invoke'
import { MongoCollections } from './collections'
import { MongoDatabases } from './databases'

/** A document as Extended JSON v2. */
export type Document = Record<string, unknown>

/** Which documents, and how. */
export interface FindOptions {
  filter?: Document
  projection?: Document
  sort?: Document
  /** Documents per page, at most 1000; default 20. */
  limit?: number
  skip?: number
  /** `canonical` keeps every type visible; default `relaxed`. */
  ejson?: 'relaxed' | 'canonical'
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
  count: DocumentCount
  page: number
  page_size: number
  has_more: boolean
}

/** How an `_id` is meant. */
export interface IdOptions {
  id_type?: string
  encoding?: 'base64url'
  ejson?: 'relaxed' | 'canonical'
}

/** A change to one document: operators, or the whole document. */
export interface UpdateInput {
  update?: Document | Document[]
  replacement?: Document
  upsert?: boolean
  /** The document as it was read; a stored one that differs is a conflict. */
  if_unchanged?: Document
}

/** One MongoDB connection. Made by `manager.mongodb(id)`. */
export class MongoDatabase {
  readonly #binding: Binding
  /** Databases: list, create, drop, figures. */
  readonly databases: MongoDatabases
  /** Collections and views: list, create, change, drop. */
  readonly collections: MongoCollections
  /** Pipelines: run, streamed, previewed. */
  readonly aggregations: Aggregations
  /** What is in a collection and how it is found. */
  readonly analysis: Analysis

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
    this.databases = new MongoDatabases(binding)
    this.collections = new MongoCollections(binding)
    this.aggregations = new Aggregations(binding)
    this.analysis = new Analysis(binding)
  }

  /** The databases that the connection's user can see. */
  listDatabases(call?: CallOptions): Promise<Document[]> {
    return invoke(this.#binding, 'mongodb.databases.list', {}, call)
  }

  /** A database's figures. */
  stats(db: string, call?: CallOptions): Promise<Document> {
    return invoke(this.#binding, 'mongodb.databases.stats', { db }, call)
  }

  /** The collections and views of a database. */
  listCollections(db: string, call?: CallOptions): Promise<Document[]> {
    return invoke(this.#binding, 'mongodb.collections.list', { db }, call)
  }

  /** A page of documents. */
  find<T = Document>(
    db: string,
    coll: string,
    options: FindOptions = {},
    call?: CallOptions
  ): Promise<DocumentPage<T>> {
    return invoke(this.#binding, 'mongodb.documents.find', { ...options, db, coll }, call)
  }

  /** All matching documents, page by page. */
  async *findAll<T = Document>(
    db: string,
    coll: string,
    options: Omit<FindOptions, 'skip'> = {},
    call?: CallOptions
  ) {
    const limit = options.limit ?? 1000
    for (let skip = 0; ; skip += limit) {
      const page = await this.find<T>(db, coll, { ...options, limit, skip }, call)
      yield* page.documents
      if (!page.has_more) return
    }
  }

  /** Inserts documents, in order. */
  insert(
    db: string,
    coll: string,
    documents: Document[],
    call?: CallOptions
  ): Promise<{ inserted_ids: unknown[]; inserted_count: number }> {
    return invoke(this.#binding, 'mongodb.documents.insert', { db, coll, documents }, call)
  }

  /** One document by `_id`. */
  getDocument<T = Document>(
    db: string,
    coll: string,
    id: string,
    options: IdOptions = {},
    call?: CallOptions
  ): Promise<T> {
    return invoke(this.#binding, 'mongodb.documents.get', { ...options, db, coll, id }, call)
  }

  /** Changes one document by `_id`. */
  updateDocument(
    db: string,
    coll: string,
    id: string,
    input: UpdateInput & IdOptions,
    call?: CallOptions
  ): Promise<Document> {
    return invoke(this.#binding, 'mongodb.documents.update', { ...input, db, coll, id }, call)
  }

  /** Removes one document by `_id`. */
  deleteDocument(
    db: string,
    coll: string,
    id: string,
    options: IdOptions = {},
    call?: CallOptions
  ): Promise<Document> {
    return invoke(this.#binding, 'mongodb.documents.delete', { ...options, db, coll, id }, call)
  }

  /** Runs an aggregation pipeline. */
  aggregate<T = Document>(
    db: string,
    coll: string,
    pipeline: Document[],
    options: AggregateInput & { confirm?: boolean } = {},
    call?: CallOptions
  ): Promise<T[]> {
    return this.aggregations.run(db, coll, pipeline, options, call)
  }
}
