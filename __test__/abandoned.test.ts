// What a write did whose caller left before the answer is seen by the next reader, cached answers or
// not, and counted.

import { eventually } from './support/processes'
import { required, sharedStack, sql } from './support/stack'

const stack = sharedStack({ rateLimit: 'off' })

/** Sends a request and leaves when what it does is seen. */
async function leave(path: string, body: object, seen: () => Promise<boolean>): Promise<void> {
  const left = new AbortController()
  const asked = stack.manager.handle(
    {
      method: 'POST',
      path: `/api/platform${path}`,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    },
    left.signal
  )
  const given = expect(asked).rejects.toMatchObject({ name: 'AbortError' })
  await eventually('the work being seen', seen)
  left.abort()
  await given
}

it('a table that was made and committed is listed', async () => {
  const { postgres } = stack.ids
  const run = (query: string) => stack.api('POST', `/postgres/${postgres}/query`, { query })
  const list = async () => {
    const tables = await stack.api('GET', `/postgres/${postgres}/tables?include_columns=false`)
    return (tables.body.data as Array<{ name: string }>).map(({ name }) => name)
  }
  await run('drop table if exists made_by_a_call')
  await run(
    'create or replace procedure makes_and_waits() language plpgsql as $$ begin ' +
      'create table made_by_a_call (a int); commit; perform pg_sleep(20); end $$'
  )
  expect(await list()).not.toContain('made_by_a_call')
  await leave(`/postgres/${postgres}/query`, { query: 'call makes_and_waits()' }, async () => {
    const made = `SELECT to_regclass('made_by_a_call') IS NOT NULL AS made`
    return (await sql(required('TEST_POSTGRES_URL'), made))[0]?.made === true
  })
  expect(await list()).toContain('made_by_a_call')
})
