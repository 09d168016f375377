import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { ConnectionManager, type ManagerOptions } from 'studio-multidb'
import { listen } from './listen'
import { eventually } from './processes'

/** What the tests' HTTP service answers with. */
type Handler = (req: IncomingMessage, res: ServerResponse) => void

/** An answer of `manager.handle`, with its body parsed. */
export interface Answer {
  status: number
  headers: Record<string, string>
  // Tests look into answers of every shape; a wrong guess fails the test that made it.
  body: any
}

/** A manager over a platform database of its own, with one project and one connection per type. */
export interface Stack {
  manager: ConnectionManager
  options: ManagerOptions
  databaseUrl: string
  projectRef: string
  projectId: string
  /** Ids of the connections by type. */
  ids: Record<'redis' | 'mongodb' | 'postgres' | 'bun_api', string>
  /** Sends a request below `/api/platform`. */
  api(method: string, path: string, body?: unknown, user?: string): Promise<Answer>
  close(): Promise<void>
}

export function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set; run the tests with npm test`)
  return value
}

/** A fresh encryption key. */
export function newKey(): string {
  return randomBytes(32).toString('hex')
}

/** Runs SQL on the tests' PostgreSQL server, through the package itself. */
export async function sql(url: string, query: string, parameters: unknown[] = []) {
  const manager = new ConnectionManager({ databaseUrl: url, logLevel: 'off' })
  const asked = manager.native.queryPlatform(query, JSON.stringify(parameters))
  // The addon rejects with a string, which a test runner shows without a stack.
  const text = await asked.catch((error: unknown) => {
    throw new Error(String(error), { cause: error })
  })
  return (JSON.parse(text) as { data: { rows: Array<Record<string, unknown>> } }).data.rows
}

/** An empty database on the tests' PostgreSQL server. */
export async function newDatabase(): Promise<string> {
  const server = required('TEST_POSTGRES_URL')
  const name = `t_${randomBytes(6).toString('hex')}`
  await sql(server, `CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

/** An HTTP service on a free port of this machine. */
export async function startService(handler: Handler) {
  const server = createServer(handler)
  const port = await listen(server)
  return {
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function answerJson(res: ServerResponse, value: unknown): void {
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify(value))
}

const service: Handler = (req, res) => {
  if (req.url === '/health') return answerJson(res, { status: 'ok' })
  if (req.url === '/info') return answerJson(res, { name: 'test service', version: '1.2.3' })
  answerJson(res, { method: req.method, url: req.url, authorization: req.headers.authorization })
}

/** Sends a request to a manager, and parses the answer. */
export async function request(
  manager: ConnectionManager,
  method: string,
  path: string,
  body?: unknown,
  user?: string
): Promise<Answer> {
  const [pathname = '', query = ''] = path.split('?', 2)
  const answer = await manager.handle({
    method,
    path: `/api/platform${pathname}`,
    query,
    headers: {},
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
    ...(user === undefined ? {} : { user }),
  })
  const text = answer.body.toString()
  return { ...answer, body: text === '' ? undefined : JSON.parse(text) }
}

/** Sends a body as it is. */
export async function sendRaw(
  manager: ConnectionManager,
  method: string,
  path: string,
  body: string | Buffer
) {
  const answer = await manager.handle({
    method,
    path: `/api/platform${path}`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(body),
  })
  const text = answer.body.toString()
  return { status: answer.status, text, body: JSON.parse(text) }
}

/** Makes an organization and a project in a migrated platform database. */
export async function newProject(databaseUrl: string, ref: string): Promise<string> {
  const organization = randomUUID()
  const project = randomUUID()
  await sql(
    databaseUrl,
    'INSERT INTO platform.organizations (id, name, slug) VALUES ($1, $2, $3)',
    [organization, ref, `org-${ref}-${organization.slice(0, 8)}`]
  )
  await sql(
    databaseUrl,
    `INSERT INTO platform.projects
       (id, organization_id, name, slug, ref, database_host, database_name, database_user,
        database_password)
     VALUES ($1, $2, $3, $3, $3, 'localhost', 'postgres', 'postgres', 'none')`,
    [project, organization, ref]
  )
  return project
}

export async function startStack(overrides: ManagerOptions = {}): Promise<Stack> {
  const databaseUrl = await newDatabase()
  const bun = await startService(service)
  const options: ManagerOptions = {
    databaseUrl,
    encryptionKey: newKey(),
    logLevel: 'off',
    ...overrides,
  }
  const manager = new ConnectionManager(options)
  const setup = new ConnectionManager({ ...options, authorization: 'off' })
  const close = async () => {
    await Promise.all([setup.shutdown(2000), manager.shutdown(2000), bun.close()])
  }
  try {
    await manager.native.migrate(false)
    const projectRef = 'default'
    const projectId = await newProject(databaseUrl, projectRef)
    const ids = await addConnections(setup, projectRef, bun.url)
    return {
      manager,
      options,
      databaseUrl,
      projectRef,
      projectId,
      ids,
      api: (method, path, body, user) => request(manager, method, path, body, user),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * A stack that the tests of a file, or of a group, share: it is there once they run. `cleanUp` comes
 * before its end.
 */
export function sharedStack(
  overrides: ManagerOptions = {},
  cleanUp?: () => Promise<unknown>
): Stack {
  const stack = {} as Stack
  beforeAll(async () => void Object.assign(stack, await startStack(overrides)), 60_000)
  afterAll(async () => {
    await cleanUp?.()
    await stack.close?.()
  })
  return stack
}

/** Waits until no request of the manager uses a connection any more. */
export async function released({ api }: Stack, id: string): Promise<void> {
  await eventually(`${id} being released`, async () => {
    const { body } = await api('GET', '/multidb/pools')
    const pool = body.data.pools.find(({ key }: { key: string }) => key.includes(id))
    return !pool || (pool.leases === 0 && pool.in_use === 0)
  })
}

/** All that there is to read. */
export async function collect<T>(records: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const record of records) all.push(record)
  return all
}

async function addConnections(
  manager: ConnectionManager,
  projectRef: string,
  bunUrl: string
): Promise<Stack['ids']> {
  const add = async (type: keyof Stack['ids'], connectionString: string) => {
    const name = `main-${type.replace('_', '-')}`
    const body = { projectRef, name, type, connectionString }
    const answer = await request(manager, 'POST', '/databases', body)
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
    return answer.body.data.id as string
  }
  return {
    redis: await add('redis', required('TEST_REDIS_URL')),
    mongodb: await add('mongodb', required('TEST_MONGODB_URL')),
    postgres: await add('postgres', required('TEST_POSTGRES_URL')),
    bun_api: await add('bun_api', bunUrl),
  }
}
