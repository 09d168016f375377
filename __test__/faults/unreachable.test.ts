// Endpoints that nobody answers at: every type fails in time, and alone.

import { startService } from '../support/stack'
import {
  type Backend,
  type Proxy,
  DEADLINE_MS,
  SLACK_MS,
  eventuallyReads,
  expectOk,
  failure,
  http,
  known,
  mongodb,
  postgres,
  proxyTo,
  redis,
  sharedBench,
} from './bench'

const bench = sharedBench()
let service: Awaited<ReturnType<typeof startService>>

beforeAll(async () => {
  service = await startService((_, res) => {
    res.setHeader('content-type', 'application/json')
    res.end('{"ok":true}')
  })
})

afterAll(() => service?.close())

const backends: Array<[string, Backend]> = [
  ['redis', redis],
  ['mongodb', mongodb],
  ['postgres', postgres],
  ['http', http(() => service.url)],
]

describe.each(backends)('%s', (_, backend) => {
  let proxy: Proxy
  let broken: string
  let healthy: string

  beforeAll(async () => {
    proxy = await proxyTo(backend.url())
    broken = await bench.register(backend.type, proxy.through(backend.url()))
    healthy = await bench.register(backend.type, backend.url())
    await backend.prepare?.(bench.patient, healthy)
    await eventuallyReads(bench, backend, healthy)
  })

  afterAll(() => proxy?.stop())

  /** The write fails in time and was not done; another connection works. The order they end in. */
  async function expectNotApplied(id: string, codes: string[]): Promise<string[]> {
    await known(bench, id)
    const started = Date.now()
    const order: string[] = []
    const [failed, other] = await Promise.all([
      backend.write(bench, id, 'unreachable').finally(() => order.push('broken')),
      backend.read(bench, healthy).finally(() => order.push('healthy')),
    ])
    expect(failure(failed).outcome).toBe('not_applied')
    expect(codes).toContain(failure(failed).code)
    expect(Date.now() - started).toBeLessThan(DEADLINE_MS + SLACK_MS)
    expectOk(other)
    return order
  }

  /** Recovers without a new manager, once the endpoint is back. */
  async function expectRecovery() {
    await proxy.setFault(null)
    await eventuallyReads(bench, backend, broken)
  }

  it('says that a write was not applied where the connection is refused, and recovers', async () => {
    await proxy.setFault({ kind: 'refuse' })
    await expectNotApplied(broken, ['DB_CONNECTION_FAILED'])
    await expectRecovery()
  })

  it('says that a write was not applied where the name does not exist', async () => {
    const url = backend.url().replace('127.0.0.1', 'no-such-host.invalid')
    await expectNotApplied(await bench.register(backend.type, url), ['DB_CONNECTION_FAILED'])
  })

  it('says by the deadline that nothing was applied where nobody answers, and recovers', async () => {
    await proxy.setFault({ kind: 'blackhole' })
    const id = await bench.register(backend.type, proxy.through(backend.url()))
    const order = await expectNotApplied(id, ['DB_CONNECTION_FAILED', 'DB_TIMEOUT'])
    expect(order).toEqual(['healthy', 'broken'])
    await expectRecovery()
  })
})
