import { type Binding, type CallOptions, invoke } from '../invoke'
import { documents } from '../stream'
import type { Document } from './database'
import type { PipelineOptions } from './reading'

/** What to run, and what of its result to return. */
export interface AggregateInput extends PipelineOptions {
  /** Only the first so many documents; a list holds at most 10000, and without this at most 1000. */
  limit?: number
  /** `canonical` keeps every type visible; default `relaxed`. */
  ejson?: 'relaxed' | 'canonical'
}

/** Pipelines. `mongo.aggregations`. */
export class Aggregations {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** A pipeline's result as one list. `confirm` is needed where it ends in `$out` or `$merge`. */
  run<T = Document>(
    db: string,
    coll: string,
    pipeline: Document[],
    input: AggregateInput & { confirm?: boolean } = {},
    call?: CallOptions
  ): Promise<T[]> {
    const body = { db, coll, pipeline, ...split(input) }
    return invoke(this.#binding, 'mongodb.aggregate', body, call)
  }

  /**
   * A pipeline's result of any size, document by document. Leaving the loop, or aborting the signal, ends the work on the
   * server.
   */
  stream<T = Document>(
    db: string,
    coll: string,
    pipeline: Document[],
    input: AggregateInput = {},
    call?: CallOptions
  ): AsyncGenerator<T> {
    const body = { db, coll, pipeline, ...split(input) }
    return documents(this.#binding, 'mongodb.aggregate', body, call)
  }

  /** A pipeline whose first stage needs no collection: `$currentOp`, `$documents`… */
  runOnDatabase<T = Document>(
    db: string,
    pipeline: Document[],
    input: AggregateInput = {},
    call?: CallOptions
  ): Promise<T[]> {
    const body = { db, pipeline, ...split(input) }
    return invoke(this.#binding, 'mongodb.aggregate.database', body, call)
  }
}

/** Options of the server are told apart from ours. */
function split(input: AggregateInput & { confirm?: boolean }) {
  const { limit, ejson, confirm, ...options } = input
  return { limit, ejson, confirm, options }
}
