import { type Binding, type CallOptions, invoke } from '../invoke'
import type { Document, DocumentCount } from './database'
import type { ReadOptions } from './reading'

/** Which documents to count. */
export interface CountInput {
  filter?: Document
  /** Counts one by one even where the collection's metadata has the number. */
  exact?: boolean
  options?: ReadOptions
}

/** Which values to list. */
export interface DistinctInput {
  filter?: Document
  /** How many at most; default 1000, at most 10000. */
  limit?: number
  options?: ReadOptions
  ejson?: 'relaxed' | 'canonical'
}

/** The different values of a field. */
export interface DistinctValues<T = unknown> {
  values: T[]
  /** There are more. */
  truncated: boolean
  /** `aggregation` where the values together are larger than one answer of the server may be. */
  found_by: 'distinct' | 'aggregation'
}

/** What is in a collection and how it is found. `mongo.analysis`. */
export class Analysis {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** How many documents match a filter. */
  count(
    db: string,
    coll: string,
    input: CountInput = {},
    call?: CallOptions
  ): Promise<DocumentCount> {
    return invoke(this.#binding, 'mongodb.count', { ...input, db, coll }, call)
  }

  /** The different values of a field; the elements of arrays count by themselves. */
  distinct<T = unknown>(
    db: string,
    coll: string,
    key: string,
    input: DistinctInput = {},
    call?: CallOptions
  ): Promise<DistinctValues<T>> {
    return invoke(this.#binding, 'mongodb.distinct', { ...input, db, coll, key }, call)
  }
}
