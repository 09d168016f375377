// Connections that break, fall silent, dribble or talk nonsense, for every type of connection.

import { eventually } from '../support/processes'
import { startService } from '../support/stack'
import {
  type Backend,
  type Desk,
  type Proxy,
  DEADLINE_MS,
  SLACK_MS,
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

/** What each type's write has in it on the wire, and how its effect is counted. */
interface Observed extends Backend {
  /** Found in the bytes of a write of `n` only. */
  marker(n: string): string
  readMarker: string
  /** How often `n` was written. */
  count(n: string): Promise<number>
}

const bench = sharedBench()
let service: Awaited<ReturnType<typeof startService>>
/** What the HTTP service was asked to write. */
const written: string[] = []

beforeAll(async () => {
  service = await startService((req, res) => {
    let body = ''
    req.setEncoding('utf8').on('data', (text: string) => (body += text))
    req.on('end', () => {
      if (req.method === 'POST') written.push((JSON.parse(body) as { n: string }).n)
      res.setHeader('content-type', 'application/json')
      res.end('{"ok":true}')
    })
  })
})

afterAll(() => service?.close())

let direct: string

const backends: Array<[string, Observed]> = [
  [
    'redis',
    {
      ...redis,
      marker: (n) => `fault:${n}`,
      readMarker: 'fault:read',
      async count(n) {
        const answer = await bench.patient.api('GET', `/redis/${direct}/get?key=fault:${n}`)
        return Number(expectOk(answer).body.data.value === n)
      },
    },
  ],
  [
    'mongodb',
    {
      ...mongodb,
      marker: (n) => n,
      readMarker: 'find\0',
      async count(n) {
        const filter = encodeURIComponent(JSON.stringify({ _id: n }))
        const path = `/mongodb/${direct}/databases/faults/collections/written/documents`
        return expectOk(await bench.patient.api('GET', `${path}?filter=${filter}`)).body.data.total
      },
    },
  ],
  [
    'postgres',
    {
      ...postgres,
      marker: (n) => n,
      readMarker: 'SELECT 1',
      async count(n) {
        const answer = await bench.patient.api('POST', `/postgres/${direct}/query`, {
          query: 'SELECT count(*)::int AS n FROM faults WHERE n = $1',
          parameters: [n],
        })
        return expectOk(answer).body.data.rows[0].n
      },
    },
  ],
  [
    'http',
    {
      ...http(() => service.url),
      marker: (n) => n,
      readMarker: '/read',
      count: async (n) => written.filter((seen) => seen === n).length,
    },
  ],
]

describe.each(backends)('%s', (type, backend) => {
  let proxy: Proxy
  let id: string
  let writes = 0
  /** A value that no other test and no other run writes. */
  const unique = () => `w-${type}-${process.pid}-${Date.now()}-${++writes}`

  beforeAll(async () => {
    proxy = await proxyTo(backend.url())
    direct = await bench.register(backend.type, backend.url())
    await backend.prepare?.(bench.patient, direct)
  })

  beforeEach(async () => {
    // A connection of its own, so that no test meets the circuit that another one opened.
    await proxy.setFault(null)
    id = await bench.register(backend.type, proxy.through(backend.url()))
    for (const desk of [bench, bench.patient]) {
      await eventuallyReads(desk, backend, id)
      await eventuallyWrites(desk)
    }
  })

  const eventuallyWrites = (desk: Desk) =>
    eventually('a successful write', async () => expectOk(await backend.write(desk, id, unique())))

  afterAll(() => proxy?.stop())

  it.each([
    ['an end of stream', false],
    ['a reset', true],
  ])('does not know about a write whose answer was lost to %s', async (_, reset) => {
    const n = unique()
    await proxy.setFault({ kind: 'cut-after-execution', match: backend.marker(n), times: 1, reset })
    const failed = failure(await backend.write(bench.patient, id, n))
    expect([failed.code, failed.outcome]).toEqual(['DB_CONNECTION_FAILED', 'unknown'])
    expect(proxy.fired()).toBeGreaterThan(0)
    expect(await backend.count(n)).toBe(1)
    expectOk(await backend.read(bench.patient, id))
  })

  it('does not send a write again that was lost on its way', async () => {
    const n = unique()
    await proxy.setFault({ kind: 'cut-before-execution', match: backend.marker(n), times: 1 })
    expect(failure(await backend.write(bench.patient, id, n)).outcome).not.toBe('applied')
    expect(await backend.count(n)).toBe(0)
  })

  it('sends a read again, once, whose answer was lost', async () => {
    await proxy.setFault({ kind: 'cut-after-execution', match: backend.readMarker, times: 1 })
    const before = proxy.fired()
    expectOk(await backend.read(bench.patient, id))
    expect(proxy.fired()).toBe(before + 1)
    await proxy.setFault({ kind: 'cut-after-execution', match: backend.readMarker })
    const failed = failure(await backend.read(bench.patient, id))
    expect([failed.code, failed.outcome]).toEqual(['DB_CONNECTION_FAILED', 'not_applied'])
    expect(proxy.fired()).toBe(before + 3)
  })

  it('works again after connections were reset while idle', async () => {
    await proxy.setFault({ kind: 'reset' })
    await proxy.setFault(null)
    await eventuallyReads(bench.patient, backend, id)
    expectOk(await backend.write(bench.patient, id, unique()))
  })

  it('finds a half-open connection by the deadline, and works again', async () => {
    await proxy.setFault({ kind: 'half-open' })
    // New connections work; those that fell silent stay so.
    await proxy.setFault(null)
    const started = Date.now()
    const n = unique()
    const answer = await backend.write(bench, id, n)
    expect(Date.now() - started).toBeLessThan(DEADLINE_MS + SLACK_MS)
    if (answer.status >= 400) expect(failure(answer).outcome).not.toBe('applied')
    await eventuallyReads(bench, backend, id)
    await eventuallyWrites(bench)
  })

  it('gives up on a slow server by the deadline, and tells what it knows about the write', async () => {
    const n = unique()
    await proxy.setFault({ kind: 'latency', ms: 2 * DEADLINE_MS })
    const started = Date.now()
    const failed = failure(await backend.write(bench, id, n))
    expect(Date.now() - started).toBeLessThan(DEADLINE_MS + SLACK_MS)
    expect(failed.code).toBe('DB_TIMEOUT')
    // Where all the time went by before it was sent, that is known.
    const isSent = proxy.received().includes(backend.marker(n))
    expect(isSent ? ['unknown'] : ['unknown', 'not_applied']).toContain(failed.outcome)
    await proxy.setFault(null)
    await eventuallyReads(bench, backend, id)
    const most = failed.outcome === 'not_applied' ? 0 : 1
    expect(await backend.count(n)).toBeLessThanOrEqual(most)
  })

  it('reads the same from a server whose bytes come one by one', async () => {
    const whole = expectOk(await backend.read(bench.patient, id)).body.data
    const n = unique()
    await proxy.setFault({ kind: 'chunks', bytes: 1 })
    const dribbled = expectOk(await backend.read(bench.patient, id)).body.data
    expect(dribbled.rows ?? dribbled.value ?? dribbled.documents?.length ?? dribbled.body).toEqual(
      whole.rows ?? whole.value ?? whole.documents?.length ?? whole.body
    )
    expectOk(await backend.write(bench.patient, id, n))
    expect(await backend.count(n)).toBe(1)
  })

  it('fails on garbage with an error, and works again', async () => {
    const n = unique()
    for (let seed = 1; seed <= 5; seed++) {
      await proxy.setFault({ kind: 'garbage', seed })
      const started = Date.now()
      const failed = failure(await backend.write(bench, id, n))
      expect(['DB_CONNECTION_FAILED', 'DB_TIMEOUT', 'DB_QUERY_ERROR', 'DB_TLS_ERROR']).toContain(
        failed.code
      )
      expect(failed.outcome).not.toBe('applied')
      expect(Date.now() - started).toBeLessThan(DEADLINE_MS + SLACK_MS)
      await proxy.setFault(null)
      await eventuallyReads(bench, backend, id)
    }
  })
})
