import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ConnectionManager } from 'studio-multidb'
import { hold } from '../support/hold'
import { eventually, root } from '../support/processes'
import { newKey, request, sharedStack, sql, startStack } from '../support/stack'
import { read, stored } from './rows'

const stack = sharedStack({ rateLimit: 'off' })

describe('rotation', () => {
  const cli = (env: Record<string, string>) =>
    spawn(process.execPath, [join(root, 'dist', 'cli.js'), 'rotate-keys'], {
      env: { ...process.env, LOG_LEVEL: 'off', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  test('killed at any moment and run again loses no row, and rows are readable all along', async () => {
    const own = await startStack({ encryptionKey: `old:${newKey()}`, rateLimit: 'off' })
    try {
      const ids: string[] = []
      for (let from = 0; from < 300; from += 10) {
        const made = await Promise.all(
          Array.from({ length: 10 }, (_, i) =>
            own.api('POST', '/redis/default/connections', {
              identifier: `r-${from + i}`,
              connection_string: `redis://user:secret-${from + i}@127.0.0.1:1/0`,
              skip_test: true,
            })
          )
        )
        ids.push(...made.map(({ body }) => body.data.id as string))
      }
      const keys = `new:${newKey()},${own.options.encryptionKey}`
      const env = { DATABASE_URL: own.databaseUrl, DATABASE_ENCRYPTION_KEY: keys }
      const reader = new ConnectionManager({ ...own.options, encryptionKey: keys })
      /** Those that are still sealed under the old key, in the order in which they are gone through. */
      const left = async () => {
        const rows = await sql(
          own.databaseUrl,
          `SELECT id::text FROM platform.database_connections
           WHERE connection_string LIKE 'mdb1:old:%' OR password LIKE 'mdb1:old:%' ORDER BY id`
        )
        return rows.map(({ id }) => String(id))
      }
      const target = async (id: string) =>
        (await request(reader, 'GET', `/redis/${id}/info`)).body.error.code as string
      const order = [...ids].sort()
      // No run comes past a row that is locked, so it is there when it is killed.
      for (const at of [1, 60, 130, 198, 270]) {
        const [before, id, after] = order.slice(at - 1, at + 2) as [string, string, string]
        const lock = await hold(
          own.databaseUrl,
          `SELECT id FROM platform.database_connections WHERE id = '${id}' FOR UPDATE`
        )
        const child = cli(env)
        try {
          const exited = once(child, 'exit')
          await eventually('the run coming to the row', lock.isMet)
          expect((await left())[0]).toBe(id)
          const probes = [before, after, order[299] as string].map(target)
          expect(await Promise.all(probes)).toEqual(Array(3).fill('DB_CONNECTION_FAILED'))
          child.kill('SIGKILL')
          expect(await exited).toEqual([null, 'SIGKILL'])
        } finally {
          child.kill('SIGKILL')
          await lock.release()
        }
      }
      const child = cli(env)
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
      expect((await once(child, 'close'))[0]).toBe(0)
      expect(JSON.parse(output)).toMatchObject({ rows: 304, failed: [] })
      expect(await left()).toEqual([])

      // The old key can be thrown away: everything opens under the new one alone.
      const [only] = keys.split(',') as [string]
      const alone = new ConnectionManager({ ...own.options, encryptionKey: only })
      for (const id of ids) {
        const { body } = await request(alone, 'GET', `/redis/${id}/info`)
        expect([id, body.error.code]).toEqual([id, 'DB_CONNECTION_FAILED'])
      }
      await Promise.all([alone.shutdown(2000), reader.shutdown(2000)])
    } finally {
      await own.close()
    }
  }, 120_000)

  test('a key that is missing is said, and nothing is changed', async () => {
    const id = await stored(stack, 'default', 'wrong-key')
    const before = await read(stack, id)
    const child = cli({
      DATABASE_URL: stack.databaseUrl,
      DATABASE_ENCRYPTION_KEY: `zz:${newKey()}`,
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    expect((await once(child, 'close'))[0]).toBe(1)
    expect(JSON.parse(output).failed.length).toBeGreaterThan(0)
    expect(await read(stack, id)).toEqual(before)
  })
})
