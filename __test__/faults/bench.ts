// A manager with small deadlines, and connections that lead through a proxy.

import { ConnectionManager, type ManagerOptions } from 'studio-multidb'
import { createProxy } from '../support/proxy.mjs'
import { eventually } from '../support/processes'
import { type Answer, newDatabase, newKey, newProject, request, required } from '../support/stack'

export type Proxy = Awaited<ReturnType<typeof createProxy>>
export type Type = 'redis' | 'mongodb' | 'postgres' | 'bun_api'

/** The deadline of a request, in milliseconds. */
export const DEADLINE_MS = 1500
/** What a request may take beyond its deadline on a busy machine. */
export const SLACK_MS = 10_000

const PROJECT = 'default'

/** A manager, and requests to it. */
export interface Desk {
  manager: ConnectionManager
  /** Sends a request below `/api/platform`. */
  api(method: string, path: string, body?: unknown): Promise<Answer>
}

/** A manager with small deadlines over a platform database of its own, with one project. */
export interface Bench extends Desk {
  /** Another, for what must succeed: it gives all the time that a busy machine may take. */
  patient: Desk
  options: ManagerOptions
  databaseUrl: string
  /** Registers a connection without trying it, and returns its id. */
  register(type: Type, connectionString: string, more?: object): Promise<string>
  close(): Promise<void>
}

/** Makes a bench. `reach` may lead the manager to its platform database another way. */
export async function startBench(
  overrides: ManagerOptions = {},
  reach: (databaseUrl: string) => string = (url) => url
): Promise<Bench> {
  const databaseUrl = await newDatabase()
  const setup = new ConnectionManager({ databaseUrl, logLevel: 'off' })
  await setup.native.migrate(false)
  await newProject(databaseUrl, PROJECT)
  await setup.shutdown(1000)
  const options: ManagerOptions = {
    databaseUrl: reach(databaseUrl),
    encryptionKey: newKey(),
    logLevel: 'off',
    rateLimit: 'off',
    requestTimeoutMs: DEADLINE_MS,
    connectTimeoutMs: 1000,
    ...overrides,
  }
  const desk = (given: ManagerOptions): Desk => {
    const manager = new ConnectionManager(given)
    return { manager, api: (method, path, body) => request(manager, method, path, body) }
  }
  const hasty = desk(options)
  const patient = desk({ ...options, requestTimeoutMs: 60_000, connectTimeoutMs: 30_000 })
  let names = 0
  return {
    ...hasty,
    patient,
    options,
    databaseUrl,
    async register(type, connectionString, more = {}) {
      const name = `fault-${++names}`
      const given = { projectRef: PROJECT, name, type, connectionString, skip_test: true, ...more }
      const answer = await patient.api('POST', '/databases', given)
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
      return answer.body.data.id as string
    },
    close: async () =>
      void (await Promise.all([hasty, patient].map(({ manager }) => manager.shutdown(1000)))),
  }
}

/** A bench that the tests of a file share: it is there once they run. */
interface SharedBench extends Bench {
  /** Stops a server when the bench has closed. */
  keep<Server extends { stop(): unknown }>(server: Server): Server
}

export function sharedBench(overrides: ManagerOptions = {}): SharedBench {
  const kept: Array<{ stop(): unknown }> = []
  const keep: SharedBench['keep'] = (server) => {
    kept.push(server)
    return server
  }
  const bench = { keep } as SharedBench
  beforeAll(async () => void Object.assign(bench, await startBench(overrides)))
  afterAll(async () => {
    await bench.close?.()
    await Promise.all(kept.map((server) => server.stop()))
  })
  return bench
}

/** A proxy before the server of a connection string. */
export function proxyTo(url: string): Promise<Proxy> {
  const { hostname, port } = new URL(url)
  return createProxy({ target: { host: hostname, port: Number(port) }, record: true })
}

/** How a type is written to and read from in these tests, as requests. */
export interface Backend {
  type: Type
  url(): string
  /** Makes what `write` needs; runs before any fault. */
  prepare?(desk: Desk, id: string): Promise<void>
  /** Writes the value `n`. */
  write(desk: Desk, id: string, n: string): Promise<Answer>
  read(desk: Desk, id: string): Promise<Answer>
}

/** Fails with the answer, so that a test that broke says how. */
export function expectOk(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
  return answer
}

/** The parts of a failure that the contract promises. */
export function failure(answer: Answer): { code: string; outcome: string; message: string } {
  if (answer.status < 400) throw new Error(`expected a failure: ${JSON.stringify(answer.body)}`)
  return answer.body.error
}

export const redis: Backend = {
  type: 'redis',
  url: () => required('TEST_REDIS_URL'),
  write: (desk, id, n) => desk.api('POST', `/redis/${id}/set`, { key: `fault:${n}`, value: n }),
  read: (desk, id) => desk.api('GET', `/redis/${id}/get?key=fault:read`),
}

export const mongodb: Backend = {
  type: 'mongodb',
  url: () => required('TEST_MONGODB_URL'),
  write: (desk, id, n) =>
    desk.api('POST', `/mongodb/${id}/databases/faults/collections/written/documents`, {
      document: { _id: n },
    }),
  read: (desk, id) =>
    desk.api('GET', `/mongodb/${id}/databases/faults/collections/written/documents?limit=1`),
}

export const postgres: Backend = {
  type: 'postgres',
  url: () => required('TEST_POSTGRES_URL'),
  async prepare(desk, id) {
    const query = 'CREATE TABLE IF NOT EXISTS faults (n text)'
    expectOk(await desk.api('POST', `/postgres/${id}/query`, { query }))
  },
  write: (desk, id, n) =>
    desk.api('POST', `/postgres/${id}/query`, {
      query: 'INSERT INTO faults VALUES ($1)',
      parameters: [n],
    }),
  read: (desk, id) =>
    desk.api('POST', `/postgres/${id}/query`, { query: 'SELECT 1 AS one', read_only: true }),
}

/** An HTTP service; `url` is where it listens. */
export const http = (url: () => string): Backend => ({
  type: 'bun_api',
  url,
  write: (desk, id, n) =>
    desk.api('POST', `/bun/${id}/request`, { method: 'POST', path: '/write', body: { n } }),
  // Not `/info`, which is answered from a cache.
  read: (desk, id) => desk.api('POST', `/bun/${id}/request`, { method: 'GET', path: '/read' }),
})

/** Looks a connection up, so that the deadline of what comes is for its server alone. */
export async function known(desk: Desk, id: string): Promise<void> {
  await eventually('the connection', async () =>
    expectOk(await desk.api('GET', `/databases/${id}`))
  )
}

/** Asks until a read succeeds, as a person would who waits for a server to come back. */
export async function eventuallyReads(
  desk: Desk,
  backend: Pick<Backend, 'read'>,
  id: string
): Promise<void> {
  await eventually('a successful read', async () => expectOk(await backend.read(desk, id)))
}
