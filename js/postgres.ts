import { type Binding, type CallOptions, invoke } from './invoke'

/** How a statement is run. */
export interface QueryOptions {
  /** Exactly one reading statement, in a read-only transaction that is rolled back. */
  read_only?: boolean
  /** Milliseconds until the server is told to stop: 1 to 600000; default 30000. */
  timeout_ms?: number
  /** Rows to read at most, 0 to 100000; default 1000. `truncated` says that there were more. */
  max_rows?: number
  /** `objects`, which is the default: rows as `{ column: value }`. `rows`: rows as `[value]`. */
  format?: 'objects' | 'rows'
}

/** One column of a result. */
export interface ResultColumn {
  name: string
  /** `pg_type.oid`; of a domain, that of its base type. */
  type_oid: number
  /** `pg_type.typname`, such as `int4`; `null` where it could not be found out. */
  type: string | null
}

/** What the server remarked on a statement, such as `RAISE NOTICE`. */
export interface QueryNotice {
  /** `NOTICE`, `WARNING`, `INFO`, … */
  severity: string
  /** SQLSTATE. */
  code: string
  message: string
  detail?: string
  hint?: string
}

/** The result of a statement. */
export interface QueryResult<Row = Record<string, unknown>> {
  /**
   * As pg-meta's `/query` gives them; with `format: 'rows'`, arrays in the order of `columns`. Cells of
   * `json` are JavaScript's values, which puts names like `10` first and rounds large numbers:
   * `select value::text` gives them as they are stored.
   */
  rows: Row[]
  columns: ResultColumn[]
  /** Rows affected as the server counts them, else rows returned. */
  row_count: number
  /** First word of the server's command tag: `SELECT`, `INSERT`, `CREATE`. */
  command: string | null
  /** Rows were left out, for `max_rows` or for `MULTIDB_MAX_RESULT_BYTES`. */
  truncated: boolean
  /** At most a hundred. */
  notices: QueryNotice[]
}

/** Which tables to list. */
export interface ListTablesOptions {
  /** Only tables of these schemas. */
  included_schemas?: string[]
  /** No tables of these; has no effect beside `included_schemas`. */
  excluded_schemas?: string[]
  /** With `information_schema`, `pg_catalog` and `pg_toast`; default `false`. */
  include_system_schemas?: boolean
  /** With the columns of each table; default `true`. */
  include_columns?: boolean
  /** At most so many, 1 to 1000; all of them by default. */
  limit?: number
  /** Without the first so many. */
  offset?: number
}

/** One PostgreSQL connection. Made by `manager.postgres(id)`. */
export class PostgresDatabase {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /**
   * Runs one statement, in which `$1`, `$2`, … stand for the parameters. For `json`, an object is sent as
   * JavaScript has it, and a text as it is. A write whose answer is lost is not sent again: its error
   * says `outcome: 'unknown'`.
   */
  query<Row = Record<string, unknown>>(
    query: string,
    parameters: unknown[] = [],
    options: QueryOptions = {},
    call?: CallOptions
  ): Promise<QueryResult<Row>> {
    return invoke(this.#binding, 'postgres.query', { ...options, query, parameters }, call)
  }

  /** Tables with their columns, keys and relationships, in pg-meta's shape, ordered by oid. */
  listTables(
    options: ListTablesOptions = {},
    call?: CallOptions
  ): Promise<Array<Record<string, unknown>>> {
    return invoke(this.#binding, 'postgres.tables.list', options, call)
  }
}
