import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { ConnectionManager } from 'studio-multidb'
import { WebSocket } from 'ws'
import { startRedis } from '../scripts/servers/index.mjs'
import { hold } from './support/hold'
import { eventually, root } from './support/processes'
import { request, required, sql, type Stack, startStack } from './support/stack'
import { closing, Messages } from './support/websocket'

const run = promisify(execFile)
const entry = join(root, 'dist', 'index.js')
let stack: Stack
let server: Awaited<ReturnType<typeof startRedis>>

beforeAll(async () => {
  // Nobody else talks to it, so its clients can be counted.
  server = await startRedis()
  process.env.TEST_REDIS_URL = server.url
  stack = await startStack({ rateLimit: 'off' })
}, 60_000)

afterAll(async () => {
  await stack?.close()
  await server?.stop()
})

interface Pool {
  key: string
  leases: number
  open: number
  in_use: number
  pending: number
}

async function pools(): Promise<Pool[]> {
  return (await stack.api('GET', '/multidb/pools')).body.data.pools
}

/** Sessions on the PostgreSQL server that the package opened, other than those of the asker. */
async function sessions(): Promise<number> {
  const [row] = await sql(
    required('TEST_POSTGRES_URL'),
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname <> current_database()
       AND application_name LIKE 'studio-multidb%' AND datname = $1`,
    [new URL(stack.databaseUrl).pathname.slice(1)]
  )
  return Number(row?.n)
}

async function redisClients(): Promise<number> {
  const { body } = await stack.api('GET', '/redis/default/info')
  return Number(JSON.stringify(body).match(/"connected_clients":"?(\d+)/)?.[1])
}

/** Sockets of this process, by what the kernel says. */
async function sockets(): Promise<number> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) =>
      import('node:fs/promises').then(({ readlink }) =>
        readlink(`/proc/self/fd/${fd}`).catch(() => '')
      )
    )
  )
  return links.filter((link) => link.startsWith('socket:')).length
}

/** Runs a program that may use `manager` and `ask`, in a process of its own. */
async function program(body: string, options: object = stack.options, timeout = 60_000) {
  const source = `
    const { ConnectionManager } = require(${JSON.stringify(entry)})
    const options = ${JSON.stringify(options)}
    const manager = new ConnectionManager(options)
    const ask = (method, path, body, signal) => manager.handle({
      method, path: '/api/platform' + path,
      body: body && Buffer.from(JSON.stringify(body)),
    }, signal)
    ;(async () => { ${body} })().catch((e) => { console.error(e); process.exitCode = 3 })`
  return run(process.execPath, ['-e', source], { timeout, killSignal: 'SIGKILL' })
}

const requests: Array<[string, string, unknown?]> = [
  ['GET', '/redis/default/keys?count=100'],
  ['GET', '/redis/default/info'],
  ['GET', '/mongodb/default/databases'],
  ['POST', '/postgres/default/query', { query: 'SELECT pg_sleep(0.02)', read_only: true }],
  [
    'POST',
    '/postgres/default/query',
    { query: 'SELECT g FROM generate_series(1, 5000) g', max_rows: 5000 },
  ],
  ['GET', '/bun/default/info'],
  ['GET', '/databases'],
]

const warm = () => Promise.all(requests.map(([...of]) => stack.api(...of)))

test('1,000 aborted requests leak no socket and no permit', async () => {
  await warm()
  const clients = await redisClients()
  const ends = { aborted: 0, answered: 0 }
  const one = async (i: number) => {
    const [method, target, body] = requests[i % requests.length] as [string, string, unknown?]
    const [path = '', query = ''] = target.split('?')
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), Math.random() * 25)
    try {
      const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }
      const message = { method, path: `/api/platform${path}`, query, ...sent }
      const asked = stack.manager.handle(message, controller.signal)
      // Whatever the others meet: of these nothing was answered yet.
      if (i % 4 === 0) controller.abort()
      const { status } = await asked
      // With 25 at once a pool may be too small for a moment; nothing else may fail.
      expect([200, 503]).toContain(status)
      ends.answered++
    } catch (error) {
      expect((error as Error).name).toBe('AbortError')
      ends.aborted++
    } finally {
      clearTimeout(timer)
    }
  }
  for (let from = 0; from < 1000; from += 25) {
    await Promise.all(Array.from({ length: 25 }, (_, i) => one(from + i)))
  }
  expect(ends.aborted).toBeGreaterThan(200)
  await eventually('every permit back', async () => {
    const open = await pools()
    return open.length > 0 && open.every(({ leases, in_use }) => leases === 0 && in_use === 0)
  })
  for (const answer of await warm()) expect(answer.status).toBe(200)
  for (const pool of await pools()) expect(pool.open).toBeLessThanOrEqual(20)
  await eventually('Redis back to its clients', async () => (await redisClients()) <= clients + 8)
}, 90_000)

test('a statement whose request was aborted ends on the server', async () => {
  const controller = new AbortController()
  const running = stack.manager
    .postgres('default')
    .query('SELECT pg_sleep(60), 7131 AS aborted_marker', [], {}, { signal: controller.signal })
  const active = async () => {
    const [row] = await sql(
      required('TEST_POSTGRES_URL'),
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(60), 7131%'`
    )
    return Number(row?.n)
  }
  await eventually('the statement running', async () => (await active()) === 1)
  controller.abort(new Error('left'))
  await expect(running).rejects.toThrow('left')
  await eventually('the statement ended', async () => (await active()) === 0, 30_000)
})

test('a signal that is aborted already is honoured before anything is sent', async () => {
  const signal = AbortSignal.abort(new Error('too late'))
  const message = { method: 'GET', path: '/api/platform/redis/default/info' }
  await expect(stack.manager.handle(message, signal)).rejects.toThrow('too late')
  await expect(stack.manager.redis('default').server.info({ signal })).rejects.toThrow('too late')
})

test('a buffer that changes after the call was sent as it was', async () => {
  const body = Buffer.from(JSON.stringify({ query: "SELECT 'as it was' AS v" }))
  const path = '/api/platform/postgres/default/query'
  const answer = stack.manager.handle({ method: 'POST', path, body })
  body.fill(0)
  expect(JSON.parse((await answer).body.toString()).data.rows).toEqual([{ v: 'as it was' }])
})

test('200 worker threads ended mid-request: no crash, and the process ends by itself', async () => {
  const args = [join(root, '__test__', 'support', 'workers.mjs'), entry]
  const options = JSON.stringify(stack.options)
  const { stdout, stderr } = await run(process.execPath, [...args, options, '200', '10'], {
    timeout: 100_000,
    killSignal: 'SIGKILL',
  })
  expect(stderr).toBe('')
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({ ended: 200, errors: [] })
  expect(report.answered).toBeGreaterThan(0)
}, 110_000)

test('the addon loaded in a worker thread alone answers there', async () => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { ConnectionManager } = require(workerData.entry)
    const manager = new ConnectionManager(workerData.options)
    manager.handle({ method: 'GET', path: '/api/platform/redis/default/info' })
      .then(({ status }) => parentPort.postMessage(status))`
  const worker = new Worker(source, { eval: true, workerData: { entry, options: stack.options } })
  // Both may come in one turn of the event loop.
  const [[status], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  expect([status, code]).toEqual([200, 0])
})

test('a worker thread that ends takes its WebSockets with it', async () => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { ConnectionManager } = require(workerData.entry)
    const { attachWebSocket } = require(workerData.next)
    const server = require('node:http').createServer()
    attachWebSocket(server, new ConnectionManager(workerData.options))
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`
  const next = join(root, 'dist', 'next', 'index.js')
  const workerData = { entry, next, options: stack.options }
  const worker = new Worker(source, { eval: true, workerData })
  const [port] = await once(worker, 'message')
  const url = `ws://127.0.0.1:${port}/api/platform/redis/${stack.ids.redis}/pubsub/subscribe`
  const opening = Array.from({ length: 10 }, () =>
    Messages.of(new WebSocket(`${url}?channels=of-a-worker`))
  )
  const sockets = await Promise.all(opening)
  for (const socket of sockets) expect(await socket.next()).toMatchObject({ type: 'subscribed' })
  const subscribed = async () => {
    const path = `/redis/${stack.ids.redis}/pubsub/channels?pattern=of-a-worker`
    return (await stack.api('GET', path)).body.data.channels.length as number
  }
  expect(await subscribed()).toBe(1)
  const closed = Promise.all(sockets.map(closing))
  await worker.terminate()
  for (const { code } of await closed) expect(code).toBe(1006)
  await eventually('the server having no subscriber left', async () => (await subscribed()) === 0)
  await eventually('no lease being left', async () =>
    (await pools()).every(({ leases, in_use }) => leases === 0 && in_use === 0)
  )
})

test('an idle manager with open connections lets Node exit', async () => {
  const { stdout } = await program(`
    const all = await Promise.all([
      ask('GET', '/redis/default/info'), ask('GET', '/mongodb/default/databases'),
      ask('GET', '/postgres/default/tables'), ask('GET', '/bun/default/info'),
    ])
    console.log(all.map(({ status }) => status).join())`)
  expect(stdout.trim()).toBe('200,200,200,200')
})

test('process.exit() in the middle of requests is no crash', async () => {
  const { stderr } = await program(`
    for (let i = 0; i < 50; i++) void ask('GET', '/redis/default/info')
    void ask('POST', '/postgres/default/query', { query: 'SELECT pg_sleep(20)' })
    setTimeout(() => process.exit(0), 60)`)
  expect(stderr).toBe('')
})

test('an answer that is awaited keeps Node alive', async () => {
  const { stdout } = await program(`
    const { status } = await ask('POST', '/postgres/default/query', { query: 'SELECT pg_sleep(1)' })
    console.log(status)`)
  expect(stdout.trim()).toBe('200')
})

test('20 managers of one configuration share their connections', async () => {
  const managers = Array.from({ length: 20 }, () => new ConnectionManager(stack.options))
  // As many as several requests at once need.
  await warm()
  const before = await sockets()
  for (const manager of managers) {
    expect((await request(manager, 'GET', '/redis/default/info')).status).toBe(200)
    const { body } = await request(manager, 'POST', '/postgres/default/query', {
      query: 'SELECT 1',
    })
    expect(body.data.row_count).toBe(1)
  }
  expect(await sockets()).toBeLessThanOrEqual(before + 2)
})

test('shutdown() leaves no socket, and new managers work after it', async () => {
  const { stdout } = await program(`
    const { readdirSync, readlinkSync } = require('node:fs')
    const sockets = () => readdirSync('/proc/self/fd').filter((fd) => {
      try { return readlinkSync('/proc/self/fd/' + fd).startsWith('socket:') } catch { return false }
    }).length
    const before = sockets()
    const warm = (m) => Promise.all(['/redis/default/info', '/mongodb/default/databases',
      '/postgres/default/tables', '/bun/default/info'].map((path) =>
        m.handle({ method: 'GET', path: '/api/platform' + path }).then(({ status }) => status)))
    const first = await warm(manager)
    const open = sockets()
    await manager.shutdown(5000)
    let left = sockets()
    for (let i = 0; i < 100 && left > before; i++) {
      await new Promise((r) => setTimeout(r, 20))
      left = sockets()
    }
    const refused = await manager.handle({ method: 'GET', path: '/api/platform/redis/default/info' })
    const second = await warm(new ConnectionManager(options))
    console.log(JSON.stringify({ first, opened: open - before, left: left - before, refused: refused.status, second }))`)
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({
    first: [200, 200, 200, 200],
    left: 0,
    second: [200, 200, 200, 200],
  })
  expect(report.opened).toBeGreaterThan(3)
  expect([200, 503]).toContain(report.refused)
})

test('a manager that is shut down refuses, and those that share its connections go on', async () => {
  const options = { ...stack.options, maxClients: 78 }
  const [routes, helpers, worker] = [1, 2, 3].map(() => new ConnectionManager(options))
  const ask = async (manager: ConnectionManager | undefined) =>
    (await request(manager!, 'GET', '/redis/default/info')).status
  const running = request(routes!, 'POST', '/postgres/default/query', {
    query: 'SELECT pg_sleep(0.5), 1 AS v',
    read_only: true,
  })
  expect(await Promise.all([routes, helpers, worker].map(ask))).toEqual([200, 200, 200])
  await helpers!.shutdown(5000)
  expect(await Promise.all([routes, helpers, worker].map(ask))).toEqual([200, 503, 200])
  await helpers!.shutdown(5000)
  await worker!.shutdown(5000)
  expect(await Promise.all([routes, helpers, worker].map(ask))).toEqual([200, 503, 503])
  expect((await running).status).toBe(200)
  await routes!.shutdown(5000)
  expect(await Promise.all([routes, helpers, worker].map(ask))).toEqual([503, 503, 503])
})

test('shutdown() lets what is running finish', async () => {
  const manager = new ConnectionManager({ ...stack.options, maxClients: 77 })
  const locking = 'SELECT pg_advisory_xact_lock(7132)'
  const lock = await hold(required('TEST_POSTGRES_URL'), locking)
  const running = request(manager, 'POST', '/postgres/default/query', { query: locking })
  await eventually('the statement running', lock.isMet)
  const over = manager.shutdown(30_000)
  await lock.release()
  await over
  expect((await running).status).toBe(200)
})

test('the sessions of the platform database do not pile up', async () => {
  expect(await sessions()).toBeLessThanOrEqual(20)
})

describe('other versions of Node', () => {
  const smoke = `
    const { ConnectionManager, version } = require(${JSON.stringify(entry)})
    const { createWebHandler } = require(${JSON.stringify(join(root, 'dist', 'next', 'index.js'))})
    const manager = new ConnectionManager({ logLevel: 'off' })
    const handler = createWebHandler(manager)
    handler(new Request('http://localhost/api/platform/multidb/health')).then(async (response) => {
      const { data } = await response.json()
      console.log(version(), response.status, data.status, data.version)
    })`

  for (const version of ['18', '22', '24']) {
    const node = process.env[`NODE_${version}_BIN`]
    if (!node) console.warn(`Node ${version} is not tested: NODE_${version}_BIN is not set`)
    const withNode = node ? test : test.skip

    withNode(`work: ${version}`, async () => {
      const { stdout } = await run(node ?? '', ['-p', 'process.versions.node'])
      expect(stdout).toMatch(new RegExp(`^${version}\\.`))
      const answer = await run(node ?? '', ['-e', smoke], { timeout: 20_000 })
      expect(answer.stdout.trim()).toMatch(/^(\S+) 200 ok \1$/)
    })
  }
})
