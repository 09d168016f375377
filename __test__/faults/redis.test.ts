// Redis servers that restart, fill up, refuse or hand over.

import { connect } from 'node:net'
import { startRedis, startRedisCluster, startSentinel } from '../../scripts/servers/index.mjs'
import { redisCommand } from '../../scripts/servers/resp.mjs'
import { eventually } from '../support/processes'
import { rogueRedis } from '../support/rogue.mjs'
import {
  type Desk,
  eventuallyReads,
  expectOk,
  failure,
  known,
  proxyTo,
  redis,
  sharedBench,
} from './bench'

const MINUTE = 60_000

const bench = sharedBench()

const set = (id: string, key: string, value = '1', desk: Desk = bench.patient) =>
  desk.api('POST', `/redis/${id}/set`, { key, value })

describe('one server', () => {
  let server: Awaited<ReturnType<typeof startRedis>>
  let id: string

  beforeAll(async () => {
    server = bench.keep(await startRedis())
    id = await bench.register('redis', server.url)
    expectOk(await set(id, 'a'))
  })

  const ask = (...command: Array<string | number>) =>
    redisCommand({ port: server.port }, ...command)

  it.each(['SIGTERM', 'SIGKILL'] as const)('is used again after %s and a start', async (signal) => {
    await server.restart({ signal })
    await eventuallyReads(bench.patient, redis, id)
    expectOk(await set(id, 'a'))
  })

  it('that is out of memory refuses a write, once and for a stated reason', async () => {
    await ask('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    await ask('CONFIG', 'SET', 'maxmemory', 1)
    const calls = async () => {
      const found = /cmdstat_set:calls=\d+,.*rejected_calls=(\d+)/.exec(
        await ask('INFO', 'commandstats')
      )
      return Number(found?.[1] ?? 0)
    }
    const before = await calls()
    const failed = failure(await set(id, 'too-much'))
    expect(failed).toMatchObject({
      code: 'DB_QUERY_ERROR',
      outcome: 'not_applied',
      retryable: false,
      details: { server_code: 'OOM' },
    })
    expect((await calls()) - before).toBe(1)
    expectOk(await redis.read(bench.patient, id))
    await ask('CONFIG', 'SET', 'maxmemory', 0)
    expectOk(await set(id, 'too-much'))
  })

  it('that hangs is given up on by the deadline, and used when it goes on', async () => {
    await eventually('a write', async () => expectOk(await set(id, 'a', '1', bench)))
    await server.signal('SIGSTOP')
    const failed = failure(await set(id, 'hung', '1', bench))
    expect(failed.code).toBe('DB_TIMEOUT')
    await server.signal('SIGCONT')
    await eventuallyReads(bench, redis, id)
    expectOk(await set(id, 'a'))
  })
})

it('tells a server that takes no more clients as an exhausted pool, and uses it when it does', async () => {
  const server = bench.keep(await startRedis({ args: ['--maxclients', '1'] }))
  const id = await bench.register('redis', server.url)
  // The one client that there is room for.
  const occupant = connect(server.port, '127.0.0.1')
  occupant.on('error', () => {}).setEncoding('utf8')
  bench.keep({ stop: () => occupant.destroy() })
  await eventually(
    'the place being taken',
    () =>
      new Promise((resolve) => {
        occupant.once('data', (text: string) => resolve(text.startsWith('+PONG')))
        occupant.write('PING\r\n')
      })
  )
  await known(bench, id)
  const failed = failure(await set(id, 'a', '1', bench))
  expect(failed).toMatchObject({ code: 'POOL_EXHAUSTED', outcome: 'not_applied' })
  occupant.destroy()
  // With a pool of one, its one session is enough.
  await eventually('a write', async () => expectOk(await set(id, 'a')))
})

it.each([
  ['LOADING Redis is loading the dataset in memory', 'DB_CONNECTION_FAILED', true],
  ['MISCONF Redis is configured to save RDB snapshots', 'DB_QUERY_ERROR', false],
  ['NOREPLICAS Not enough good replicas to write.', 'DB_QUERY_ERROR', false],
])('a server that answers %s is told as %s', async (line, code, waits) => {
  let refusing = true
  const rogue = await rogueRedis({
    reply: ([name]) =>
      name?.toUpperCase() === 'SET' ? (refusing ? new Error(line) : 'OK') : undefined,
  })
  bench.keep(rogue)
  const id = await bench.register('redis', rogue.url)
  await known(bench, id)
  expect(failure(await set(id, 'a', '1', bench))).toMatchObject({ code, outcome: 'not_applied' })
  const sent = rogue.commands().filter(([name]) => name === 'SET').length
  if (waits) expect(sent).toBeLessThanOrEqual(6)
  else expect(sent).toBe(1)
  refusing = false
  await eventually('the write', async () => (await set(id, 'a')).status === 200)
})

it(
  'follows a failover that sentinels announce, and writes to the new primary',
  async () => {
    const sentinel = bench.keep(await startSentinel())
    const [first] = sentinel.sentinels
    const url = `redis+sentinel://127.0.0.1:${first!.port}/${sentinel.name}`
    const id = await bench.register('redis', url)
    expectOk(await set(id, 'before'))
    const old = (await sentinel.primary())!
    await sentinel.failover()
    // Until the sentinels demote it, the old primary takes writes, which will be lost.
    await eventually('the old primary being a replica', async () => {
      const [role] = (await redisCommand({ port: old.port }, 'ROLE')) as string[]
      return role === 'slave'
    })
    await eventually('a write', async () => expectOk(await set(id, 'after')))
    const now = (await sentinel.primary())!
    expect(now.port).not.toBe(old.port)
    expect(await redisCommand({ port: now.port }, 'GET', 'after')).toBe('1')
  },
  MINUTE
)

describe('a cluster', () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>
  let id: string

  beforeAll(async () => {
    cluster = await startRedisCluster({
      primaries: 3,
      replicas: 0,
      proxied: true,
      nodeTimeoutMs: 1000,
    })
    bench.keep(cluster)
    id = await bench.register('redis', cluster.url.replace('redis:', 'redis+cluster:'))
    expectOk(await set(id, 'a'))
  }, MINUTE)

  it('keeps answering while a slot moves to another node, and after', async () => {
    const tag = 'moving'
    const slot = Number(await cluster.nodes[0]!.ask('CLUSTER', 'KEYSLOT', tag))
    for (let n = 0; n < 20; n++) expectOk(await set(id, `{${tag}}${n}`, String(n)))
    const from = cluster.nodes[Math.floor((slot * 3) / 16_384)]!
    const to = cluster.nodes.find((node) => node !== from)!
    await to.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
    await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
    const keys = (await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[]
    await from.ask('MIGRATE', '127.0.0.1', to.server.port, '', 0, 5000, 'KEYS', ...keys)

    // Half of the keys are here and half are there: ASK, once each.
    const values = async () => {
      const found: unknown[] = []
      for (let n = 0; n < 20; n++) {
        const answer = expectOk(await bench.patient.api('GET', `/redis/${id}/get?key={${tag}}${n}`))
        found.push(Number(answer.body.data.value))
      }
      return found
    }
    const all = Array.from({ length: 20 }, (_, n) => n)
    expect(await values()).toEqual(all)
    expectOk(await set(id, `{${tag}}new`))

    const rest = (await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[]
    await from.ask('MIGRATE', '127.0.0.1', to.server.port, '', 0, 5000, 'KEYS', ...rest)
    for (const node of [to, from]) await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
    // Now MOVED.
    expect(await values()).toEqual(all)
    expectOk(await set(id, `{${tag}}after`))
  })

  it(
    'that lost its slots is told as down, and used again when it has them',
    async () => {
      const [first] = cluster.nodes
      const slot = Number(await first!.ask('CLUSTER', 'KEYSLOT', 'a'))
      const owner = cluster.nodes[Math.floor((slot * 3) / 16_384)]!
      await owner.ask('CLUSTER', 'DELSLOTS', slot)
      await eventually('the cluster being down', async () =>
        String(await owner.ask('CLUSTER', 'INFO')).includes('cluster_state:fail')
      )
      await known(bench, id)
      expect(failure(await set(id, 'a', '1', bench))).toMatchObject({
        code: 'DB_CONNECTION_FAILED',
        outcome: 'not_applied',
      })
      await owner.ask('CLUSTER', 'ADDSLOTS', slot)
      await eventually('a write', async () => expectOk(await set(id, 'a')))
    },
    MINUTE
  )
})

it('opens no more connections to a server than the pool allows, whatever is asked', async () => {
  const proxy = bench.keep(await proxyTo(redis.url()))
  const id = await bench.register('redis', proxy.through(redis.url()))
  const all = Array.from({ length: 200 }, (_, n) =>
    bench.patient.api('POST', `/redis/${id}/set`, { key: `flood:${n}`, value: '1' })
  )
  for (const answer of await Promise.all(all)) expectOk(answer)
  expect(proxy.accepted()).toBeLessThanOrEqual(11)
})
