import { type AggregateInput, Aggregations } from './aggregations'
import { Analysis } from './analysis'
import { Transfer } from './transfer'
import { type Binding, type CallOptions, invoke } from '../invoke'
import { MongoCollections } from './collections'
import { MongoDatabases } from './databases'
import {
  type Document,
  type DocumentPage,
  Documents,
  type FindOptions,
  type IdOptions,
  type Inserted,
  type UpdateInput,
  type Updated,
} from './documents'
import { MongoIndexes } from './indexes'
import { MongoServer } from './server'
import { watch, type WatchMessage, type WatchOptions } from './watch'

/** One MongoDB connection. Made by `manager.mongodb(id)`. */
export class MongoDatabase {
  readonly #binding: Binding
  /** Databases: list, create, drop, figures. */
  readonly databases: MongoDatabases
  /** Collections and views: list, create, change, drop. */
  readonly collections: MongoCollections
  /** Indexes: list, build, hide, drop. */
  readonly indexes: MongoIndexes
  /** The server: figures, running operations, profiler. */
  readonly server: MongoServer
  /** Pipelines: run, streamed, previewed. */
  readonly aggregations: Aggregations
  /** Documents: pages, single ones, many at once. */
  readonly documents: Documents
  /** What is in a collection and how it is found. */
  readonly analysis: Analysis
  /** Collections out to files and in again. */
  readonly transfer: Transfer

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
    this.databases = new MongoDatabases(binding)
    this.collections = new MongoCollections(binding)
    this.indexes = new MongoIndexes(binding)
    this.server = new MongoServer(binding)
    this.aggregations = new Aggregations(binding)
    this.documents = new Documents(binding)
    this.analysis = new Analysis(binding)
    this.transfer = new Transfer(binding)
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
    return this.documents.find(db, coll, options, call)
  }

  /** All matching documents, read page by page. */
  findAll<T = Document>(
    db: string,
    coll: string,
    options: Omit<FindOptions, 'cursor' | 'count'> = {},
    call?: CallOptions
  ): AsyncGenerator<T> {
    return this.documents.each(db, coll, options, call)
  }

  /** Inserts documents, in order. */
  insert(db: string, coll: string, documents: Document[], call?: CallOptions): Promise<Inserted> {
    return this.documents.insert(db, coll, documents, {}, call)
  }

  /** One document by `_id`. */
  getDocument<T = Document>(
    db: string,
    coll: string,
    id: string,
    options: IdOptions = {},
    call?: CallOptions
  ): Promise<T | null> {
    return this.documents.get(db, coll, id, options, call)
  }

  /** Changes one document by `_id`. */
  updateDocument<T = Document>(
    db: string,
    coll: string,
    id: string,
    input: UpdateInput & IdOptions,
    call?: CallOptions
  ): Promise<Updated<T>> {
    return this.documents.update(db, coll, id, input, call)
  }

  /** Removes one document by `_id`. */
  deleteDocument(
    db: string,
    coll: string,
    id: string,
    options: IdOptions = {},
    call?: CallOptions
  ): Promise<{ deleted_count: number }> {
    return this.documents.delete(db, coll, id, options, call)
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

  /**
   * The changes of a collection, of a database, or, without `db`, of all databases, as they are made. It resumes by itself after
   * a failover; leaving the loop, or aborting the signal, ends it on the server.
   */
  watch(
    db?: string,
    coll?: string,
    options: WatchOptions = {},
    call?: CallOptions
  ): AsyncGenerator<WatchMessage> {
    return watch(this.#binding, { db, coll }, options, call)
  }
}
