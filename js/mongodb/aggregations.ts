import { type Binding, type CallOptions, invoke } from '../invoke'
import { documents } from '../stream'
import type { Document, PipelineInput, ShownAs } from './document'
import type { PipelineOptions } from './reading'

/** What to run, and what of its result to return. */
export interface AggregateInput extends PipelineOptions {
  /** Only the first so many documents; a list holds at most 10000, and without this at most 1000. */
  limit?: number
  /** `canonical` keeps every type visible; default `relaxed`. */
  ejson?: 'relaxed' | 'canonical'
  /** `text` hands documents out as texts, which nothing on the way has changed. */
  as?: ShownAs
}

/** What to preview. */
export interface PreviewInput extends PipelineOptions {
  /** How many documents go through the pipeline; default 1000. */
  sample?: number
  /** How many documents to show of each stage; default 10. */
  limit?: number
  ejson?: 'relaxed' | 'canonical'
}

/** What a stage gives on the sample. */
export interface StagePreview<T = Document> {
  stage: string
  documents: T[]
  has_more: boolean
  /** How many documents it gives; `null` if counting took too long. */
  count: number | null
  /** Milliseconds. */
  ms: number | null
  /** Why its result on a sample is not like that on everything. */
  misleading: string | null
  error: { code: string; message: string } | null
  /** Why it was not run: it writes, or one before it failed. */
  skipped: string | null
}

/** What all stages of a pipeline give. */
export interface PipelinePreview<T = Document> {
  /** The sample is taken `after` so many stages; `whole` if it holds everything. */
  sample: { size: number; after: number; documents: number | null; whole: boolean }
  stages: StagePreview<T>[]
}

/** Pipelines. `mongo.aggregations`. */
export class Aggregations {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /**
   * A pipeline's result as one list. One that ends in `$out` or `$merge` is meant, unless a `confirm`
   * that is passed on says otherwise.
   */
  run(
    db: string,
    coll: string,
    pipeline: PipelineInput,
    input: AggregateInput & { confirm?: boolean | undefined; as: 'text' },
    call?: CallOptions
  ): Promise<string[]>
  run<T = Document>(
    db: string,
    coll: string,
    pipeline: PipelineInput,
    input?: AggregateInput & { confirm?: boolean | undefined },
    call?: CallOptions
  ): Promise<T[]>
  run<T>(
    db: string,
    coll: string,
    pipeline: PipelineInput,
    input: AggregateInput & { confirm?: boolean | undefined } = {},
    call?: CallOptions
  ): Promise<T[]> {
    const body = { db, coll, pipeline, ...split(confirmed(input)) }
    return invoke(this.#binding, 'mongodb.aggregate', body, call)
  }

  /**
   * A pipeline's result of any size, document by document. Leaving the loop, or aborting the signal, ends the work on the
   * server. One with `$out` or `$merge` writes, as it does with `run`.
   */
  stream<T = Document>(
    db: string,
    coll: string,
    pipeline: PipelineInput,
    input: AggregateInput & { confirm?: boolean | undefined } = {},
    call?: CallOptions
  ): AsyncGenerator<T> {
    const body = { db, coll, pipeline, ...split(confirmed(input)) }
    return documents(this.#binding, 'mongodb.aggregate', body, call)
  }

  /** What each stage of a pipeline gives on a sample. Nothing is written. */
  preview<T = Document>(
    db: string,
    coll: string,
    pipeline: PipelineInput,
    input: PreviewInput = {},
    call?: CallOptions
  ): Promise<PipelinePreview<T>> {
    const { sample, limit, ejson, ...options } = input
    const body = { db, coll, pipeline, sample, limit, ejson, options }
    return invoke(this.#binding, 'mongodb.aggregate.preview', body, call)
  }

  /** A pipeline whose first stage needs no collection: `$currentOp`, `$documents`… */
  runOnDatabase<T = Document>(
    db: string,
    pipeline: PipelineInput,
    input: AggregateInput = {},
    call?: CallOptions
  ): Promise<T[]> {
    const body = { db, pipeline, ...split(input) }
    return invoke(this.#binding, 'mongodb.aggregate.database', body, call)
  }
}

/** Code says what it does: only one that passes a `confirm` on is held to it. */
function confirmed(input: AggregateInput & { confirm?: boolean | undefined }) {
  return { ...input, confirm: 'confirm' in input ? input.confirm === true : true }
}

/** Options of the server are told apart from ours. */
function split(input: AggregateInput & { confirm?: boolean }) {
  const { limit, ejson, as, confirm, ...options } = input
  return { limit, ejson, as, confirm, options }
}
