// Credentials that are changed on the server while a connection is in use.

import { startMongo, startPostgres, startRedis } from '../../scripts/servers/index.mjs'
import { redisCommand } from '../../scripts/servers/resp.mjs'
import { startService, sql } from '../support/stack'
import {
  type Backend,
  type Proxy,
  eventuallyReads,
  expectOk,
  failure,
  http,
  mongodb,
  postgres,
  proxyTo,
  redis,
  sharedBench,
} from './bench'

const REQUESTS = 100
const OLD = 'old-secret'
const NEW = 'new-secret'

interface Locked extends Backend {
  /** Makes the server take only the new password, and ends the sessions that it has. */
  change(): Promise<void>
}

const bench = sharedBench()

const backends: Array<[string, () => Promise<Locked>]> = [
  [
    'redis',
    async () => {
      const server = bench.keep(await startRedis({ password: OLD }))
      const ask = (...command: string[]) =>
        redisCommand({ port: server.port, password: OLD }, ...command)
      return {
        ...redis,
        url: () => server.url,
        async change() {
          await ask('CONFIG', 'SET', 'requirepass', NEW)
          const clients = { port: server.port, password: NEW }
          await redisCommand(clients, 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
        },
      }
    },
  ],
  [
    'postgres',
    async () => {
      const server = bench.keep(await startPostgres({ password: OLD }))
      return {
        ...postgres,
        url: () => server.url,
        async change() {
          await sql(server.url, `ALTER ROLE postgres PASSWORD '${NEW}'`)
          const others =
            'FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename IS NOT NULL'
          // Whether the session of the first statement is still there to be used is chance.
          const changed = server.url.replace(OLD, NEW)
          await sql(changed, `SELECT pg_terminate_backend(pid) ${others}`)
        },
      }
    },
  ],
  [
    'http',
    async () => {
      let key = OLD
      const service = await startService((req, res) => {
        const known = req.headers.authorization === `Bearer ${key}`
        res.setHeader('content-type', 'application/json')
        res.writeHead(known ? 200 : 401).end('{}')
      })
      bench.keep({ stop: service.close })
      return {
        ...http(() => service.url),
        async change() {
          key = NEW
        },
      }
    },
  ],
]

describe.each(backends)('%s', (type, start) => {
  let backend: Locked
  let proxy: Proxy
  let id: string

  beforeAll(async () => {
    backend = await start()
    proxy = bench.keep(await proxyTo(backend.url()))
    const more = type === 'http' ? { password: OLD } : {}
    id = await bench.register(backend.type, proxy.through(backend.url()), more)
    await backend.prepare?.(bench.patient, id)
    expectOk(await backend.read(bench.patient, id))
    expectOk(await backend.write(bench.patient, id, 'before'))
    await backend.change()
  }, 60_000)

  it('says that the credentials are refused, without trying them over and over', async () => {
    // The first requests may find that their session was ended.
    await expect(
      (async () => {
        for (let i = 0; i < 5; i++) {
          const answer = await backend.read(bench.patient, id)
          const code = type === 'http' ? answer.body.data?.status : answer.body.error?.code
          if (code === 401 || code === 'DB_INVALID_CREDENTIALS') return 'refused'
        }
        return 'still accepted'
      })()
    ).resolves.toBe('refused')

    if (type === 'http') return
    const before = proxy.accepted()
    const answers = await Promise.all(
      Array.from({ length: REQUESTS }, (_, n) => backend.write(bench.patient, id, `refused-${n}`))
    )
    for (const answer of answers) {
      expect(failure(answer)).toMatchObject({
        code: 'DB_INVALID_CREDENTIALS',
        outcome: 'not_applied',
      })
      expect(JSON.stringify(answer.body)).not.toContain(OLD)
    }
    expect(proxy.accepted() - before).toBeLessThanOrEqual(5)
    expect(proxy.connections()).toBeLessThanOrEqual(2)
  })

  it('works again once the connection has the new password', async () => {
    expectOk(await bench.patient.api('PATCH', `/databases/${id}`, { password: NEW }))
    await eventuallyReads(bench.patient, backend, id)
    const answer = expectOk(await backend.write(bench.patient, id, 'after'))
    if (type === 'http') expect(answer.body.data.status).toBe(200)
  })
})

it('mongodb: says that the credentials are refused, without trying them over and over', async () => {
  const server = bench.keep(await startMongo({ auth: { user: 'root', password: NEW } }))
  const proxy = bench.keep(await proxyTo(server.url))
  const wrong = proxy.through(server.url).replace(NEW, OLD)
  const id = await bench.register('mongodb', wrong)
  const ask = () => mongodb.write(bench.patient, id, 'refused')
  expect(failure(await ask()).code).toBe('DB_INVALID_CREDENTIALS')
  const before = proxy.accepted()
  const answers = await Promise.all(Array.from({ length: REQUESTS }, ask))
  for (const answer of answers) {
    expect(failure(answer)).toMatchObject({
      code: 'DB_INVALID_CREDENTIALS',
      outcome: 'not_applied',
    })
  }
  expect(proxy.accepted() - before).toBeLessThanOrEqual(5)
  expectOk(await bench.patient.api('PATCH', `/databases/${id}`, { password: NEW }))
  await eventuallyReads(bench.patient, mongodb, id)
}, 60_000)
