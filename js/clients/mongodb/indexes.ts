import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Input } from '../../core/operations'

type New = Input<'mongodb.indexes.create'>

/**
 * The fields of an index in their order, or the text of them: JavaScript puts names like `10` first.
 */
export type IndexKey = New['key']

/** Options of a new index, and how many members of a replica set must be ready before it is used. */
export type IndexOptions = NonNullable<New['options']> & Pick<New, 'commit_quorum'>

/** The indexes of collections. */
export class MongoIndexes extends Client {
  /** The indexes of a collection, by name. */
  list(db: string, coll: string, call?: CallOptions) {
    return this.binding.call('mongodb.indexes.list', { db, coll }, call)
  }

  /** What they take and how often they were used, and what could not be told. */
  stats(db: string, coll: string, call?: CallOptions) {
    return this.binding.call('mongodb.indexes.stats', { db, coll }, call)
  }

  /** Makes an index, and waits until it is ready. */
  create(db: string, coll: string, key: IndexKey, options: IndexOptions = {}, call?: CallOptions) {
    return this.binding.call('mongodb.indexes.create', input(db, coll, key, options), call)
  }

  /**
   * Makes an index however long that takes, and tells how far it is, until it is ready. Leaving the
   * loop gives it up.
   */
  build(db: string, coll: string, key: IndexKey, options: IndexOptions = {}, call?: CallOptions) {
    return this.binding.records('mongodb.indexes.create', input(db, coll, key, options), call)
  }

  /** Removes one index, by its exact name. */
  drop(db: string, coll: string, name: string, call?: CallOptions) {
    return this.binding.call('mongodb.indexes.drop', { db, coll, name }, call)
  }

  /** Changes what can be changed of an index: `{ hidden: true }` lets no query use it. */
  modify(
    db: string,
    coll: string,
    name: string,
    change: Omit<NonNullable<Input<'mongodb.collections.change'>['index']>, 'name'>,
    call?: CallOptions
  ) {
    const input = { db, coll, index: { ...change, name } }
    return this.binding.call('mongodb.collections.change', input, call)
  }
}

function input(
  db: string,
  coll: string,
  key: IndexKey,
  { commit_quorum, ...options }: IndexOptions
): New {
  return { db, coll, key, options, commit_quorum }
}
