import { type Binding, type CallOptions, invoke } from '../invoke'
import { records } from '../stream'
import type { Document, DocumentInput, PipelineInput } from './document'
import type { DocumentCount } from './documents'
import type { PipelineOptions, ReadOptions } from './reading'

/** Which documents to count. */
export interface CountInput {
  filter?: DocumentInput
  /** Counts one by one even where the collection's metadata has the number. */
  exact?: boolean
  options?: ReadOptions
}

/** Which values to list. */
export interface DistinctInput {
  filter?: DocumentInput
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

/** Which documents to learn a schema from. */
export interface SchemaInput {
  filter?: DocumentInput
  /** How many; default 1000, at most 100000. */
  size?: number
  /** `head` takes those that the server finds first; default `random`. */
  method?: 'random' | 'head'
  /** Paths at most; default 1000. */
  paths?: number
  /** Frequent values of each type at each path; default 10. */
  values?: number
  /** `maxTimeMS` is for all of it; what was seen until then is told. */
  options?: ReadOptions
  ejson?: 'relaxed' | 'canonical'
}

/** Values of one type. */
export interface SchemaType {
  /** As `$type` calls it. */
  type: string
  count: number
  /** Of the field's values. */
  share: number
  min?: unknown
  max?: unknown
  /** Characters of text, bytes of binary data, items of arrays, fields of documents. */
  length?: { min: number; max: number; average: number }
  /** The most frequent ones; a count is too large by `error` at most. */
  values?: Array<{ value: unknown; count: number; error: number }>
}

/** A field at one path. */
export interface SchemaField {
  /** `items[].price`: `[]` stands for the items of an array. */
  path: string
  /** The same by names; `null` stands for the items of an array. */
  keys: Array<string | null>
  /** Documents that have it. */
  documents: number
  /** Their share. */
  presence: number
  occurrences: number
  /** The share of the embedded documents around it; `null` for items of an array. */
  presence_in_parent: number | null
  /** Different values within the sample, but for documents and arrays. */
  cardinality: { value: number; kind: 'exact' | 'estimate' }
  types: SchemaType[]
}

/** What documents look like. */
export interface Schema {
  method: 'random' | 'head'
  ended_by: 'size' | 'end' | 'time'
  /** Milliseconds. */
  ms: number
  documents: number
  bytes: number
  paths: number
  /** There was more than is kept: `left_out` values are in no field. */
  cut: boolean
  left_out: number
  fields: SchemaField[]
}

/** How far learning a schema has come, and the schema at the end. */
export type SchemaProgress =
  | { progress: { documents: number; ms: number }; schema?: undefined }
  | { schema: Schema; progress?: undefined }

/** An operation to explain: exactly one. */
export type Explained =
  | {
      find: {
        filter?: DocumentInput
        projection?: DocumentInput
        sort?: DocumentInput
        skip?: number
        limit?: number
      }
    }
  | { aggregate: { pipeline: PipelineInput } }
  | { count: { filter?: DocumentInput } }
  | { distinct: { key: string; filter?: DocumentInput } }
  | {
      update: {
        filter?: DocumentInput
        update: DocumentInput | PipelineInput
        multi?: boolean
        upsert?: boolean
      }
    }
  | { delete: { filter?: DocumentInput; multi?: boolean } }

/** How to explain it. */
export interface ExplainOptions {
  /** `queryPlanner` runs nothing; the others run a query, and of a write all but the writing. */
  verbosity?: 'queryPlanner' | 'executionStats' | 'allPlansExecution'
  options?: PipelineOptions
  /** `false` leaves the server's own explanation out. */
  raw?: boolean
}

/** A stage of a plan; its documents come from its children. */
export interface PlanStage {
  /** `IXSCAN`, `FETCH`, `$group`… */
  stage: string
  shard?: string
  index?: { name: string; keys?: Document | string }
  /** Which part of the index, as the server writes it. */
  bounds?: Document
  direction?: 'forward' | 'backward'
  /** What it is told: a filter, a sort order, a limit… */
  detail?: unknown
  /** Figures are `null` where nothing was run. */
  docs_examined: number | null
  keys_examined: number | null
  returned: number | null
  /** Milliseconds, with those of its children. */
  ms: number | null
  used_disk?: true
  children: PlanStage[]
}

/** How the server finds what is asked for. */
export interface Explanation {
  /** Whether the operation was run; `note` says how far. */
  executed: boolean
  note: string | null
  summary: {
    engine: 'classic' | 'sbe' | 'mixed' | null
    returned: number | null
    docs_examined: number | null
    keys_examined: number | null
    ms: number | null
    indexes: string[]
    /** The index has all that is asked for. */
    covered: boolean
    rejected_plans: number
    warnings: Array<{ code: string; message: string; stage?: string }>
  }
  plan: PlanStage | null
  /** The server's own explanation; `null` if it is too large. */
  raw: Document | null
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

  /** What documents look like, learned from a sample. */
  schema(db: string, coll: string, input: SchemaInput = {}, call?: CallOptions): Promise<Schema> {
    return invoke(this.#binding, 'mongodb.schema', { ...input, db, coll }, call)
  }

  /** The same with its progress; the last record has the schema. */
  watchSchema(
    db: string,
    coll: string,
    input: SchemaInput = {},
    call?: CallOptions
  ): AsyncGenerator<SchemaProgress> {
    return records(this.#binding, 'mongodb.schema', { ...input, db, coll }, call)
  }

  /** How the server finds what an operation asks for, as one tree with warnings. */
  explain(
    db: string,
    coll: string,
    operation: Explained,
    options: ExplainOptions = {},
    call?: CallOptions
  ): Promise<Explanation> {
    return invoke(this.#binding, 'mongodb.explain', { ...operation, ...options, db, coll }, call)
  }
}
