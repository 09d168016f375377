import { type Binding, type CallOptions, invoke } from '../invoke'
import type { Document, DocumentCount } from './database'
import type { PipelineOptions, ReadOptions } from './reading'

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

/** An operation to explain: exactly one. */
export type Explained =
  | {
      find: {
        filter?: Document
        projection?: Document
        sort?: Document
        skip?: number
        limit?: number
      }
    }
  | { aggregate: { pipeline: Document[] } }
  | { count: { filter?: Document } }
  | { distinct: { key: string; filter?: Document } }
  | {
      update: {
        filter?: Document
        update: Document | Document[]
        multi?: boolean
        upsert?: boolean
      }
    }
  | { delete: { filter?: Document; multi?: boolean } }

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
