// A ledger of thousands of writes over connections that keep breaking: what was said of each is
// compared with what the server has.

import { startRedisCluster } from '../../scripts/servers/index.mjs'
import type { Answer } from '../support/stack'
import { required } from '../support/stack'
import { type Bench, type Proxy, type Type, expectOk, proxyTo, startBench } from './bench'

const WRITES = 1500
const IN_FLIGHT = 50
const PROBABILITY = 0.05
const MINUTE = 60_000

type Outcome = 'applied' | 'not_applied' | 'unknown'

interface Ledger {
  type: Type
  url(): string
  setFault: Proxy['setFault']
  fired(): number
  /** How often a connection is cut, where it is not `PROBABILITY`. */
  probability?: number
  prepare?(id: string): Promise<unknown>
  /** Adds 1 to the entry called `name`. */
  add(id: string, name: string): Promise<Answer>
  /** The failure in an answer, if there is one. */
  error?(answer: Answer): { outcome: Outcome; details: { next_try_ms?: number } } | undefined
  /** What each entry is; those that are not there may be left out. */
  entries(id: string, names: string[]): Promise<Map<string, number>>
}

let bench: Bench
let cluster: Awaited<ReturnType<typeof startRedisCluster>>
const proxies: Partial<Record<Type, Proxy>> = {}
const run = `${process.pid}-${Date.now()}`

beforeAll(async () => {
  ;[bench, cluster] = await Promise.all([
    startBench({ requestTimeoutMs: MINUTE, connectTimeoutMs: MINUTE / 2 }),
    startRedisCluster({ primaries: 3, replicas: 0, proxied: true }),
  ])
  proxies.redis = await proxyTo(required('TEST_REDIS_URL'))
  proxies.mongodb = await proxyTo(required('TEST_MONGODB_URL'))
  proxies.postgres = await proxyTo(required('TEST_POSTGRES_URL'))
}, MINUTE)

afterAll(async () => {
  await bench?.close()
  await Promise.all([cluster?.stop(), ...Object.values(proxies).map((proxy) => proxy?.stop())])
})

const through = (type: 'redis' | 'mongodb' | 'postgres', url: () => string) => ({
  type,
  url: () => proxies[type]!.through(url()),
  setFault: (fault: Parameters<Proxy['setFault']>[0]) => proxies[type]!.setFault(fault),
  fired: () => proxies[type]!.fired(),
})

const redisCommands = {
  add: (id: string, name: string) =>
    bench.api('POST', `/redis/${id}/batch`, { commands: [['INCR', name]] }),
  error: (answer: Answer) => answer.body.error ?? answer.body.data[0].error,
  async entries(id: string, names: string[]) {
    const found = new Map<string, number>()
    for (let from = 0; from < names.length; from += 500) {
      const page = names.slice(from, from + 500)
      const commands = page.map((name) => ['GET', name])
      const answer = expectOk(await bench.api('POST', `/redis/${id}/batch`, { commands }))
      page.forEach((name, i) => found.set(name, Number(answer.body.data[i].ok ?? 0)))
    }
    return found
  },
}

const collection = `ledger_${run.replace('-', '_')}`
const documents = (id: string) =>
  `/mongodb/${id}/databases/faults/collections/${collection}/documents`

const ledgers: Array<[string, Ledger]> = [
  ['redis', { ...redisCommands, ...through('redis', () => required('TEST_REDIS_URL')) }],
  [
    'redis cluster',
    {
      ...redisCommands,
      type: 'redis',
      url: () => cluster.url.replace('redis:', 'redis+cluster:'),
      setFault: async (fault) => void (await cluster.setFault(fault)),
      fired: () => cluster.nodes.reduce((sum, node) => sum + node.proxy!.fired(), 0),
    },
  ],
  [
    'mongodb',
    {
      ...through('mongodb', () => required('TEST_MONGODB_URL')),
      // After each lost connection the driver stops until it has looked at the server again, which
      // it does twice a second.
      probability: 0.025,
      add: (id, name) =>
        bench.api('PUT', `${documents(id)}/${name}`, { update: { $inc: { n: 1 } }, upsert: true }),
      async entries(id) {
        const found = new Map<string, number>()
        const sort = encodeURIComponent('{"_id":1}')
        for (let skip = 0; ; skip += 1000) {
          const page = expectOk(
            await bench.api('GET', `${documents(id)}?limit=1000&skip=${skip}&sort=${sort}`)
          )
          for (const { _id, n } of page.body.data.documents) found.set(_id, n)
          if (!page.body.data.has_more) return found
        }
      },
    },
  ],
  [
    'postgres',
    {
      ...through('postgres', () => required('TEST_POSTGRES_URL')),
      prepare: async (id) => {
        const query = 'CREATE TABLE IF NOT EXISTS ledger (name text)'
        expectOk(await bench.api('POST', `/postgres/${id}/query`, { query }))
      },
      add: (id, name) =>
        bench.api('POST', `/postgres/${id}/query`, {
          query: 'INSERT INTO ledger VALUES ($1)',
          parameters: [name],
        }),
      async entries(id) {
        const query = `SELECT name, count(*)::int AS n FROM ledger WHERE name LIKE $1 GROUP BY 1`
        const answer = await bench.api('POST', `/postgres/${id}/query`, {
          query,
          parameters: [`%${run}%`],
          max_rows: 100_000,
        })
        const { rows } = expectOk(answer).body.data as { rows: Array<{ name: string; n: number }> }
        return new Map(rows.map(({ name, n }) => [name, n]))
      },
    },
  ],
]

it.each(ledgers)(
  '%s: what was said of each write is what happened, and nothing happened twice',
  async (kind, ledger) => {
    const id = await bench.register(ledger.type, ledger.url(), { is_primary: false })
    await ledger.prepare?.(id)
    const said = new Map<string, Outcome>()
    const prefix = `ledger-${kind.replace(' ', '-')}-${run}`
    // The names have one length, so that none is found inside another.
    const name = (n: number) => `${prefix}-${String(n).padStart(6, '0')}`

    /** Writes until `until` were written, each once, `IN_FLIGHT` at a time. */
    async function write(until: number) {
      let next = said.size
      const worker = async () => {
        while (next < until) {
          const entry = name(next++)
          const answer = await ledger.add(id, entry)
          const error = ledger.error ? ledger.error(answer) : answer.body.error
          said.set(entry, error?.outcome ?? 'applied')
          const wait = error?.details?.next_try_ms
          // As a caller would who was told when to come back.
          if (wait) await new Promise((resolve) => setTimeout(resolve, wait))
        }
      }
      await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
    }

    const cut = { match: `${prefix}-`, probability: ledger.probability ?? PROBABILITY }
    await ledger.setFault({ kind: 'cut-after-execution', seed: 7, ...cut })
    await write(WRITES / 2)
    await ledger.setFault({ kind: 'cut-before-execution', seed: 11, ...cut })
    await write(WRITES)
    await ledger.setFault(null)

    const direct = await bench.register(ledger.type, ledger.url())
    const entries = await ledger.entries(direct, [...said.keys()])
    const wrong = [...said].filter(([entry, outcome]) => {
      const times = entries.get(entry) ?? 0
      if (outcome === 'applied') return times !== 1
      return outcome === 'not_applied' ? times !== 0 : times > 1
    })
    expect(wrong.map(([entry, outcome]) => [entry, outcome, entries.get(entry)])).toEqual([])
    expect(
      [...entries.keys()].filter((entry) => entry.startsWith(prefix) && !said.has(entry))
    ).toEqual([])

    const count = (wanted: Outcome) => [...said.values()].filter((o) => o === wanted).length
    expect(said.size).toBe(WRITES)
    expect(ledger.fired()).toBeGreaterThan(20)
    expect(count('unknown')).toBeGreaterThan(0)
    expect(count('unknown')).toBeLessThanOrEqual(ledger.fired())
    expect(count('applied')).toBeGreaterThan(WRITES / 2)
  },
  10 * MINUTE
)
