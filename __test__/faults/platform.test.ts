// The platform database going down under a manager that has work to do.

import { eventually } from '../support/processes'
import { required } from '../support/stack'
import {
  type Bench,
  type Proxy,
  DEADLINE_MS,
  SLACK_MS,
  eventuallyReads,
  expectOk,
  failure,
  proxyTo,
  redis,
  startBench,
} from './bench'

let bench: Bench
let proxy: Proxy
let id: string

beforeAll(async () => {
  proxy = await proxyTo(required('TEST_POSTGRES_URL'))
  bench = await startBench({}, (url) => proxy.through(url))
  id = await bench.register('redis', redis.url())
})

afterAll(async () => {
  await proxy?.setFault(null)
  await bench?.close()
  await proxy?.stop()
})

describe.each([
  ['refuses', { kind: 'refuse' } as const],
  ['is silent', { kind: 'blackhole' } as const],
])('a platform database that %s', (_, fault) => {
  beforeAll(async () => {
    await proxy.setFault(null)
    await eventually('the registry', async () => {
      const list = await bench.api('GET', '/databases')
      return list.status === 200 && (await bench.api('GET', `/databases/${id}`)).status === 200
    })
    await eventuallyReads(bench, redis, id)
    await proxy.setFault(fault)
  })

  it('does not stop connections that are known', async () => {
    for (let n = 0; n < 5; n++) {
      expectOk(await redis.read(bench, id))
      expectOk(await redis.write(bench, id, 'without-platform'))
    }
    expectOk(await bench.api('GET', `/databases/${id}`))
  })

  it('makes changes of the registry fail clearly and in time', async () => {
    const body = {
      projectRef: 'default',
      name: 'while-down',
      type: 'redis',
      connectionString: redis.url(),
      skip_test: true,
    }
    for (const [method, path, given] of [
      ['POST', '/databases', body],
      ['PATCH', `/databases/${id}`, { description: 'while down' }],
      ['DELETE', `/databases/${id}`, undefined],
    ] as const) {
      const started = Date.now()
      const failed = failure(await bench.api(method, path, given))
      expect([method, failed.code]).toEqual([
        method,
        expect.stringMatching(/^DB_(CONNECTION_FAILED|TIMEOUT)$/),
      ])
      expect(failed.message).toMatch(/platform database/i)
      expect(Date.now() - started).toBeLessThan(DEADLINE_MS + SLACK_MS)
    }
  })

  it('is told by the health of the service', async () => {
    const { data } = expectOk(await bench.api('GET', '/multidb/health')).body
    expect(data).toMatchObject({ status: 'degraded', platform_database: { ok: false } })
  })

  it('is used again when it is back', async () => {
    await proxy.setFault(null)
    const patch = { description: 'back' }
    await eventually(
      'a change',
      async () => (await bench.api('PATCH', `/databases/${id}`, patch)).status === 200
    )
    const list = expectOk(await bench.api('GET', '/databases')).body.data
    expect(JSON.stringify(list)).not.toContain('while-down')
  })
})
