// What the examples are about: a shop, its project and its servers.

import { ConnectionManager } from 'studio-multidb'
import { attachWebSocket } from 'studio-multidb/next'
import { Double, Long } from 'bson'
import { startMongo, startPostgres, startRedis } from '../../scripts/servers/index.mjs'
import { Names, type Step } from './examples'
import { rogueMongo } from './rogue-mongo.mjs'
import { newDatabase, newKey, newProject, startService } from './stack'

interface Server {
  url: string
  stop(): Promise<void>
}

/** What the examples call their servers, and how there is one. */
const SERVERS: Record<string, () => Promise<Server>> = {
  'redis://redis.example.com:6379': () => startRedis({ args: ['--slowlog-log-slower-than', '0'] }),
  'redis://archive.example.com:6379': () => startRedis(),
  'mongodb://mongodb.example.com:27017/?replicaSet=rs0': () => startMongo({ replicaSet: true }),
  'mongodb://reports.example.com:27017/': startBusyMongo,
  'postgresql://postgres:secret@postgres.example.com:5432/postgres': () => startPostgres(),
  'http://orders.example.com:8080': startOrders,
}

/** A MongoDB server that works on an operation until that is ended. */
function startBusyMongo(): Promise<Server> {
  const running = {
    type: 'op',
    host: 'reports:27017',
    desc: 'conn7',
    connectionId: 7,
    client: '10.0.0.9:50412',
    appName: 'mongosh',
    active: true,
    opid: 12345,
    currentOpTime: '2026-03-02T09:30:00.000+00:00',
    effectiveUsers: [{ user: 'ada', db: 'admin' }],
    secs_running: new Long(12n),
    microsecs_running: new Long(12_000_000n),
    op: 'query',
    ns: 'shop.orders',
    planSummary: 'COLLSCAN',
    numYields: 90,
    waitingForLock: false,
    command: { find: 'orders', filter: { customer: 'Ada' }, $db: 'shop' },
  }
  let operations = [running]
  const reply = (command: object) => {
    const ok = new Double(1)
    if ('aggregate' in command) {
      const cursor = { id: new Long(0n), ns: 'admin.$cmd.aggregate', firstBatch: operations }
      return { cursor, ok }
    }
    if (!('killOp' in command)) return undefined
    operations = []
    return { info: 'attempting to kill op', ok }
  }
  return rogueMongo({ reply })
}

/** The HTTP service of a shop. */
async function startOrders(): Promise<Server> {
  const answers: Record<string, unknown> = {
    'GET /health': { status: 'ok' },
    'GET /info': { name: 'orders', version: '2.3.1' },
    'POST /orders?notify=true': { id: 17, state: 'placed' },
  }
  const service = await startService((req, res) => {
    const body = JSON.stringify(answers[`${req.method} ${req.url}`])
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    res.writeHead(req.method === 'POST' ? 201 : 200, headers).end(body)
  })
  return { url: service.url, stop: service.close }
}

/** The paths of the operations by name. */
export async function pathsOf(manager: ConnectionManager) {
  const request = { method: 'GET', path: '/api/platform/multidb/openapi.json' }
  const { paths } = JSON.parse(String((await manager.handle(request)).body)) as {
    paths: Record<string, Record<string, { operationId: string }>>
  }
  const named = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map(({ operationId }) => [operationId, path] as const)
  )
  return new Map(named.filter(([name]) => name !== 'service.call'))
}

/** A shop's project, and the servers that its examples name. */
export async function openShop(steps: Step[]) {
  const databaseUrl = await newDatabase()
  const manager = new ConnectionManager({
    databaseUrl,
    encryptionKey: newKey(),
    logLevel: 'off',
    rateLimit: 'off',
  })
  await manager.native.migrate(false)
  await newProject(databaseUrl, 'shop')
  const names = new Names()
  const text = JSON.stringify(steps)
  const named = Object.entries(SERVERS).filter(([shown]) => text.includes(shown))
  const start = named.map(async ([shown, start]) => {
    const server = await start()
    names.add(shown, server.url)
    return server
  })
  const servers = await Promise.all(start)
  const door = await startService(() => {})
  attachWebSocket(door.server, manager)
  return {
    manager,
    names,
    paths: await pathsOf(manager),
    port: door.port,
    close: async () => {
      await Promise.all([door.close(), manager.shutdown(2000)])
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

export type Shop = Awaited<ReturnType<typeof openShop>>
