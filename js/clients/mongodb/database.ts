import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Input, Told } from '../../core/operations'
import { Aggregations } from './aggregations'
import { Analysis } from './analysis'
import { MongoCollections } from './collections'
import { MongoDatabases } from './databases'
import { Documents } from './documents'
import { MongoIndexes } from './indexes'
import { MongoServer } from './server'
import { Transfer } from './transfer'

/** How to watch, and from when. */
export type WatchOptions = Input<'mongodb.watch', 'db' | 'coll'>

/** What a watcher is told. */
export type WatchMessage = Told<'mongodb.watch'>

/** One MongoDB connection. Made by `manager.mongodb(id)`. */
export class MongoDatabase extends Client {
  /** Databases: list, create, drop, figures. */
  readonly databases = new MongoDatabases(this.binding)
  /** Collections and views: list, create, change, drop. */
  readonly collections = new MongoCollections(this.binding)
  /** Indexes: list, build, hide, drop. */
  readonly indexes = new MongoIndexes(this.binding)
  /** The server: figures, running operations, profiler. */
  readonly server = new MongoServer(this.binding)
  /** Pipelines: run, streamed, previewed. */
  readonly aggregations = new Aggregations(this.binding)
  /** Documents: pages, single ones, many at once. */
  readonly documents = new Documents(this.binding)
  /** What is in a collection and how it is found. */
  readonly analysis = new Analysis(this.binding)
  /** Collections out to files and in again. */
  readonly transfer = new Transfer(this.binding)

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
    const { binding } = this
    if (db === undefined) return binding.records('mongodb.watch.cluster', options, call)
    if (coll === undefined)
      return binding.records('mongodb.watch.database', { ...options, db }, call)
    return binding.records('mongodb.watch', { ...options, db, coll }, call)
  }
}
