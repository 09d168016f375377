import { type Binding, type CallOptions, invoke } from './invoke'

/** How a statement is run. */
export interface QueryOptions {
  /** Exactly one reading statement, in a transaction that is rolled back. */
  read_only?: boolean
  /** Milliseconds until the server is told to stop. */
  timeout_ms?: number
  /** Rows to read at most; the answer says `truncated` where there were more. */
  max_rows?: number
}

/** One column of a result. */
export interface ResultColumn {
  name: string
  type_oid: number
  type: string
}

/** The result of a statement; rows are as pg-meta's `/query` gives them. */
export interface QueryResult<Row = Record<string, unknown>> {
  rows: Row[]
  columns: ResultColumn[]
  row_count: number | null
  command: string
  truncated: boolean
  notices: Array<Record<string, unknown>>
}

/** Which tables to list. */
export interface ListTablesOptions {
  included_schemas?: string[]
  excluded_schemas?: string[]
  include_system_schemas?: boolean
  include_columns?: boolean
  limit?: number
  offset?: number
}

/** One PostgreSQL connection. Made by `manager.postgres(id)`. */
export class PostgresDatabase {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** Runs one statement. */
  query<Row = Record<string, unknown>>(
    query: string,
    parameters: unknown[] = [],
    options: QueryOptions = {},
    call?: CallOptions
  ): Promise<QueryResult<Row>> {
    return invoke(this.#binding, 'postgres.query', { ...options, query, parameters }, call)
  }

  /** Tables, in pg-meta's shape. */
  listTables(
    options: ListTablesOptions = {},
    call?: CallOptions
  ): Promise<Array<Record<string, unknown>>> {
    return invoke(this.#binding, 'postgres.tables.list', options, call)
  }
}
