import type { CallOptions } from '../core/binding'
import { Client } from '../core/client'
import type { Answer, Input } from '../core/operations'

/**
 * The result of a statement: with `format: 'rows'`, `rows` are arrays in the order of `columns`. Cells of
 * `json` are JavaScript's values, which puts names like `10` first and rounds large numbers:
 * `select value::text` gives them as they are stored.
 */
export type QueryResult<Row> = Omit<Answer<'postgres.query'>, 'rows'> & { rows: Row[] }

/** One PostgreSQL connection. Made by `manager.postgres(id)`. */
export class PostgresDatabase extends Client {
  /**
   * Runs one statement, in which `$1`, `$2`, … stand for the parameters. For `json`, an object is sent as
   * JavaScript has it, and a text as it is. A write whose answer is lost is not sent again: its error
   * says `outcome: 'unknown'`.
   */
  async query<Row = Record<string, unknown>>(
    query: string,
    parameters: unknown[] = [],
    options: Input<'postgres.query', 'query' | 'parameters'> = {},
    call?: CallOptions
  ): Promise<QueryResult<Row>> {
    const result = await this.binding.call(
      'postgres.query',
      { ...options, query, parameters },
      call
    )
    return result as QueryResult<Row>
  }

  /** Tables with their columns, keys and relationships, in pg-meta's shape, ordered by oid. */
  listTables(options: Input<'postgres.tables.list'> = {}, call?: CallOptions) {
    return this.binding.call('postgres.tables.list', options, call)
  }
}
