import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Answer, Input } from '../../core/operations'
import { lines } from '../../core/stream'
import type { As, Document, PipelineInput, ShownDocument } from './document'

type Run = Input<'mongodb.aggregate'>

/** What of a pipeline's result to return, and how the server is to run it. */
export type AggregateOptions = Omit<Run, 'db' | 'coll' | 'pipeline' | 'options' | 'confirm'> &
  NonNullable<Run['options']> & {
    /** Whether writes are meant; unless it is named, they are. */
    confirm?: boolean | undefined
  }

/** What all stages of a pipeline give on a sample. */
export type PipelinePreview<T> = Omit<Answer<'mongodb.aggregate.preview'>, 'stages'> & {
  stages: Array<
    Omit<Answer<'mongodb.aggregate.preview'>['stages'][number], 'documents'> & { documents: T[] }
  >
}

/** Pipelines. `mongo.aggregations`. */
export class Aggregations extends Client {
  /**
   * A pipeline's result as one list. One that ends in `$out` or `$merge` is meant, unless a `confirm`
   * that is passed on says otherwise.
   */
  async run<T = Document, A extends As = As>(
    db: string,
    coll: string,
    pipeline: PipelineInput,
    options: AggregateOptions & { as?: A } = {},
    call?: CallOptions
  ): Promise<Array<ShownDocument<T, A>>> {
    const input = { db, coll, pipeline, ...split(options) }
    const found = await this.binding.call('mongodb.aggregate', input, call)
    return found as Array<ShownDocument<T, A>>
  }

  /**
   * A pipeline's result of any size, document by document. Leaving the loop, or aborting the signal, ends the work on the
   * server. One with `$out` or `$merge` writes, as it does with `run`.
   */
  async *stream<T = Document>(
    db: string,
    coll: string,
    pipeline: PipelineInput,
    options: AggregateOptions = {},
    call?: CallOptions
  ): AsyncGenerator<T> {
    const input = { db, coll, pipeline, ...split(options) }
    // A document may look like a record of ours that tells of a failure, and is none.
    for await (const line of lines(await this.binding.open('mongodb.aggregate', input, call))) {
      yield JSON.parse(line) as T
    }
  }

  /** What each stage of a pipeline gives on a sample. Nothing is written. */
  async preview<T = Document>(
    db: string,
    coll: string,
    pipeline: PipelineInput,
    {
      sample,
      limit,
      ejson,
      ...options
    }: Input<'mongodb.aggregate.preview', 'db' | 'coll' | 'pipeline' | 'options'> &
      NonNullable<Run['options']> = {},
    call?: CallOptions
  ) {
    const input = { db, coll, pipeline, sample, limit, ejson, options }
    const preview = await this.binding.call('mongodb.aggregate.preview', input, call)
    return preview as PipelinePreview<T>
  }

  /** A pipeline whose first stage needs no collection: `$currentOp`, `$documents`… */
  async runOnDatabase<T = Document>(
    db: string,
    pipeline: PipelineInput,
    options: Omit<AggregateOptions, 'confirm'> = {},
    call?: CallOptions
  ) {
    const { confirm: _, ...input } = { db, pipeline, ...split(options) }
    return (await this.binding.call('mongodb.aggregate.database', input, call)) as T[]
  }
}

/** Options of the server are told apart from ours. Code says what it does: only one that passes a `confirm` on is held to it. */
function split(given: AggregateOptions) {
  const { limit, ejson, as, confirm, ...options } = given
  return { limit, ejson, as, confirm: 'confirm' in given ? confirm === true : true, options }
}
