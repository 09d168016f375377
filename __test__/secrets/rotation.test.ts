import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ConnectionManager } from 'studio-multidb'
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
      for (let from = 0; from < 300; from += 50) {
        const made = await Promise.all(
          Array.from({ length: 50 }, (_, i) =>
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
      const left = async () => {
        const [row] = await sql(
          own.databaseUrl,
          `SELECT count(*)::int AS n FROM platform.database_connections
           WHERE connection_string LIKE 'mdb1:old:%' OR password LIKE 'mdb1:old:%'`
        )
        return Number(row?.n)
      }
      const target = async (id: string) =>
        (await request(reader, 'GET', `/redis/${id}/info`)).body.error.code as string
      let kills = 0
      while (kills < 5 && (await left()) > 0) {
        const before = await left()
        const child = cli(env)
        const exited = once(child, 'exit')
        const begun = eventually(
          'some rows being done',
          async () => child.exitCode !== null || (await left()) < before
        )
        const probes = [0, 150, 299].map((i) => target(ids[i] as string))
        expect(await Promise.all(probes)).toEqual(Array(3).fill('DB_CONNECTION_FAILED'))
        await begun
        child.kill('SIGKILL')
        await exited
        if (child.signalCode === 'SIGKILL') kills++
      }
      const child = cli(env)
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
      expect((await once(child, 'close'))[0]).toBe(0)
      expect(JSON.parse(output)).toMatchObject({ rows: 304, failed: [] })
      expect(await left()).toBe(0)
      expect(kills).toBeGreaterThan(0)

      // The old key can be thrown away: everything opens under the new one alone.
      const [only] = keys.split(',') as [string]
      const alone = new ConnectionManager({ ...own.options, encryptionKey: only })
      const codes = await Promise.all(
        ids.map(async (id) => (await request(alone, 'GET', `/redis/${id}/info`)).body.error.code)
      )
      expect(new Set(codes)).toEqual(new Set(['DB_CONNECTION_FAILED']))
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
