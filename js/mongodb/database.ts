import { Aggregations } from './aggregations'
import { Analysis } from './analysis'
import { Transfer } from './transfer'
import type { Binding, CallOptions } from '../invoke'
import { type CollectionEntry, MongoCollections } from './collections'
import { type DatabaseEntry, type DatabaseStats, MongoDatabases } from './databases'
import type { DocumentInput } from './document'
import { Documents, type Inserted } from './documents'
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

  // What is done most, without the room's name.
  /** `documents.find`: a page of documents. */
  readonly find: Documents['find']
  /** `documents.each`: all matching documents, read page by page. */
  readonly findAll: Documents['each']
  /** `documents.get`: one document by `_id`. */
  readonly getDocument: Documents['get']
  /** `documents.update`: changes one document by `_id`. */
  readonly updateDocument: Documents['update']
  /** `documents.delete`: removes one document by `_id`. */
  readonly deleteDocument: Documents['delete']
  /** `aggregations.run`: runs a pipeline on a collection. */
  readonly aggregate: Aggregations['run']

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
    const { documents, aggregations } = this
    this.find = documents.find.bind(documents)
    this.findAll = documents.each.bind(documents)
    this.getDocument = documents.get.bind(documents)
    this.updateDocument = documents.update.bind(documents)
    this.deleteDocument = documents.delete.bind(documents)
    this.aggregate = aggregations.run.bind(aggregations)
  }

  /** `databases.list`. */
  listDatabases(call?: CallOptions): Promise<DatabaseEntry[]> {
    return this.databases.list({}, call)
  }

  /** `databases.stats`. */
  stats(db: string, call?: CallOptions): Promise<DatabaseStats> {
    return this.databases.stats(db, {}, call)
  }

  /** `collections.list`. */
  listCollections(db: string, call?: CallOptions): Promise<CollectionEntry[]> {
    return this.collections.list(db, {}, call)
  }

  /** `documents.insert`: inserts documents, in order. */
  insert(
    db: string,
    coll: string,
    documents: DocumentInput[],
    call?: CallOptions
  ): Promise<Inserted> {
    return this.documents.insert(db, coll, documents, {}, call)
  }

  /**
   * The changes of a collection, of a database, or, without `db`, of all databases, as they are made.
   * It resumes by itself after a failover; leaving the loop, or aborting the signal, ends it on the
   * server.
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
