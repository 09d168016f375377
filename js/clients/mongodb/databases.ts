import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Input } from '../../core/operations'

/** The databases of a server. */
export class MongoDatabases extends Client {
  /** The databases that the connection's user can see, by name. */
  list(options: Input<'mongodb.databases.list'> = {}, call?: CallOptions) {
    return this.binding.call('mongodb.databases.list', options, call)
  }

  /** Makes a database with its first collection; a conflict if it is there already. */
  create(
    name: string,
    collection: string,
    options: Input<'mongodb.databases.create'>['options'] = {},
    call?: CallOptions
  ) {
    return this.binding.call('mongodb.databases.create', { name, collection, options }, call)
  }

  /** Removes a database with everything in it. `confirm` must be its exact name. */
  drop(db: string, confirm: string, call?: CallOptions) {
    return this.binding.call('mongodb.databases.drop', { db, confirm }, call)
  }

  /** A database's figures. */
  stats(db: string, options: Input<'mongodb.databases.stats', 'db'> = {}, call?: CallOptions) {
    return this.binding.call('mongodb.databases.stats', { ...options, db }, call)
  }
}
