// Connections, and what is stored of them.

import type { ConnectionManager } from 'studio-multidb'
import { sql, type Stack } from '../support/stack'

/** A connection whose secrets are stored, though nothing answers there. */
export async function stored(stack: Stack, project: string, name: string, password = `p-${name}`) {
  const body = {
    identifier: name,
    connection_string: `redis://user:${password}@127.0.0.1:1/0`,
    skip_test: true,
  }
  const { body: made } = await stack.api('POST', `/redis/${project}/connections`, body)
  if (!made.data) throw new Error(JSON.stringify(made))
  return made.data.id as string
}

/** What is stored. */
interface Row {
  connection_string: string
  password: string | null
}

export async function read(stack: Stack, id: string): Promise<Row> {
  const [row] = await sql(
    stack.databaseUrl,
    'SELECT connection_string, password FROM platform.database_connections WHERE id = $1',
    [id]
  )
  return row as unknown as Row
}

export const write = (stack: Stack, id: string, column: keyof Row, value: string | null) =>
  sql(stack.databaseUrl, `UPDATE platform.database_connections SET ${column} = $2 WHERE id = $1`, [
    id,
    value,
  ])

/** How using a connection fails: by its secret that doesn't open, or because nothing is there. */
export async function use(manager: ConnectionManager, id: string) {
  const message = { method: 'GET', path: `/api/platform/redis/${id}/info` }
  const answer = await manager.handle({ ...message, headers: { 'cache-control': 'no-cache' } })
  const { error } = JSON.parse(answer.body.toString())
  return error?.code === 'DB_CONNECTION_FAILED' ? 'opened' : (error?.code as string)
}
