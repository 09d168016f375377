import type { Binding, CallOptions } from '../../core/binding'
import { Aggregations } from './aggregations'
import { Analysis } from './analysis'
import { MongoCollections } from './collections'
import { MongoDatabases } from './databases'
import { Documents } from './documents'
import { MongoIndexes } from './indexes'
import { MongoServer } from './server'
import { Transfer } from './transfer'
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
    return watch(this.#binding, db, coll, options, call)
  }
}
