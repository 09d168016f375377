// PostgreSQL servers that end sessions, are full, slow or restarted.

import { startPostgres } from '../../scripts/servers/index.mjs'
import { eventually } from '../support/processes'
import { sql } from '../support/stack'
import {
  type Desk,
  eventuallyReads,
  expectOk,
  failure,
  known,
  postgres,
  sharedBench,
} from './bench'

const bench = sharedBench({ maxPostgresConnections: 5 })
let server: Awaited<ReturnType<typeof startPostgres>>
let id: string

beforeAll(async () => {
  server = bench.keep(await startPostgres({ settings: { max_connections: 12 } }))
  id = await bench.register('postgres', server.url)
  await postgres.prepare!(bench.patient, id)
}, 60_000)

const query = (text: string, more: object = {}, on = id, desk: Desk = bench.patient) =>
  desk.api('POST', `/postgres/${on}/query`, { query: text, ...more })

/** How many statements with `mark` in them run on the server. */
async function running(mark: string): Promise<number> {
  const text = `SELECT count(*)::int AS n FROM pg_stat_activity
    WHERE state <> 'idle' AND pid <> pg_backend_pid() AND query LIKE '%' || $1 || '%'`
  return Number((await sql(server.url, text, [mark]))[0]?.n)
}

it('cancels on the server what took too long', async () => {
  const failed = failure(
    await query(`SELECT pg_sleep(60) /* slow-${process.pid} */`, {}, id, bench)
  )
  expect(failed.code).toBe('DB_TIMEOUT')
  await eventually('the end of the statement', async () => (await running('slow-')) === 0)
  expectOk(await postgres.read(bench.patient, id))
})

it('cancels on the server what its caller gave up, and keeps nothing of it', async () => {
  const abort = new AbortController()
  const text = `SELECT pg_sleep(60) /* given-up-${process.pid} */`
  const given = bench.patient.manager.postgres(id).query(text, [], {}, { signal: abort.signal })
  const ended = given.then(
    () => 'answered',
    () => 'given up'
  )
  await eventually('the statement running', () => running('given-up-').then((n) => n === 1))
  abort.abort()
  expect(await ended).toBe('given up')
  await eventually('its end', async () => (await running('given-up-')) === 0)
  expectOk(await postgres.read(bench.patient, id))
})

it('does not know about a statement whose session an administrator ended, and goes on', async () => {
  const pending = query(`SELECT pg_sleep(60) /* ended-${process.pid} */`)
  await eventually('the statement running', async () => (await running('ended-')) === 1)
  await sql(
    server.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE pid <> pg_backend_pid() AND query LIKE '%ended-%'`
  )
  const failed = failure(await pending)
  expect(failed.code).toBe('DB_CONNECTION_FAILED')
  expect(failed.outcome).not.toBe('applied')
  await eventuallyReads(bench.patient, postgres, id)
  expectOk(await postgres.write(bench.patient, id, 'after'))
})

it.each(['SIGINT', 'SIGKILL'] as const)(
  'is used again after %s and a start',
  async (signal) => {
    expectOk(await postgres.read(bench.patient, id))
    await server.restart({ signal })
    await eventuallyReads(bench.patient, postgres, id)
    expectOk(await postgres.write(bench.patient, id, 'restarted'))
  },
  60_000
)

it('tells a server without room for another session as an exhausted pool, and recovers', async () => {
  // Superusers may use three more; a role of its own sees the limit first.
  await sql(server.url, `CREATE ROLE crowd LOGIN PASSWORD 'crowd' CONNECTION LIMIT 2`)
  const url = server.url.replace('postgres:postgres@', 'crowd:crowd@')
  const crowded = await bench.register('postgres', url)
  const other = await bench.register('postgres', url)
  const sleep = 'SELECT pg_sleep(60) AS crowd'
  const sleeping = [1, 2].map(() => query(sleep, {}, other))
  await eventually('both sleeping', async () => (await running(sleep)) === 2)
  await known(bench, crowded)
  const refused = await query('SELECT 1', {}, crowded, bench)
  expect(failure(refused)).toMatchObject({ code: 'POOL_EXHAUSTED', outcome: 'not_applied' })
  await bench.patient.api('DELETE', `/databases/${other}`)
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'crowd'`
  await Promise.all([sql(server.url, end), ...sleeping])
  await eventuallyReads(bench.patient, postgres, crowded)
})

it('queues what the pool has no session for, within its maximum', async () => {
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, n) => query('SELECT $1::int AS n', { parameters: [n] }))
  )
  expect(answers.map((answer) => expectOk(answer).body.data.rows[0].n)).toEqual([...answers.keys()])
  const sessions = await sql(
    server.url,
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend'`
  )
  expect(Number(sessions[0]?.n)).toBeLessThanOrEqual(12)
})

it('refuses a write on a server that became read-only, and does not try again', async () => {
  await sql(server.url, 'ALTER DATABASE postgres SET default_transaction_read_only = on')
  const standby = await bench.register('postgres', server.url)
  const failed = failure(await query('CREATE TABLE never (n int)', {}, standby))
  expect(failed.outcome).toBe('not_applied')
  expect((failed as { details?: { server_code?: string } }).details?.server_code ?? '25006').toBe(
    '25006'
  )
})
