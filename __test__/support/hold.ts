// Locks that a test holds: what meets them waits for as long as the test likes.

import { randomUUID } from 'node:crypto'
import { ConnectionManager } from 'studio-multidb'
import { eventually } from './processes'
import { sql } from './stack'

/** Longer than any test. */
const LONG_MS = 600_000

/** Holds all that a query locks, until its release. */
export async function hold(databaseUrl: string, query: string) {
  const mark = `held ${randomUUID()}`
  const url = new URL(databaseUrl)
  url.searchParams.set('statement_timeout', String(LONG_MS))
  const manager = new ConnectionManager({
    databaseUrl: url.href,
    logLevel: 'off',
    requestTimeoutMs: LONG_MS,
  })
  const text = `WITH held AS MATERIALIZED (${query}) SELECT pg_sleep(${LONG_MS}) FROM held -- ${mark}`
  const held = manager.native.queryPlatform(text, '[]')
  const ended = held.then(
    () => 'it locks nothing',
    (error: unknown) => String(error)
  )
  const ask = async (what: string) => {
    const from = `FROM pg_stat_activity AS holder WHERE query LIKE '%' || $1`
    const [row] = await sql(databaseUrl, `SELECT ${what} AS answer ${from}`, [mark])
    return row?.answer === true
  }
  const begun = eventually('the lock', () => ask(`wait_event = 'PgSleep'`))
  const lost = ended.then((why) => Promise.reject(new Error(why)))
  await Promise.race([begun, lost])
  return {
    /** Whether somebody waits for it. */
    isMet: () =>
      ask(
        'EXISTS (SELECT FROM pg_locks WHERE NOT granted AND holder.pid = ANY (pg_blocking_pids(pid)))'
      ),
    async release() {
      await ask('pg_cancel_backend(pid)')
      await ended
      await manager.shutdown(1000)
    },
  }
}
