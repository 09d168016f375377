import type { IncomingMessage, ServerResponse } from 'node:http'
import { createMocks } from 'node-mocks-http'
import * as pkg from 'studio-multidb'
import * as names from './names'
import { required, sharedStack } from './support/stack'

const stack = sharedStack()
const prefix = `names_${process.pid}_${Date.now().toString(36)}`

beforeAll(async () => {
  // REDIS_URL below is a second Redis connection of the project.
  await stack.api('PATCH', `/databases/${stack.ids.redis}`, { is_primary: true })
  // What the functions of the documents read.
  Object.assign(process.env, {
    DATABASE_URL: stack.databaseUrl,
    DATABASE_ENCRYPTION_KEY: stack.options.encryptionKey,
    REDIS_URL: required('TEST_REDIS_URL'),
    MONGODB_URL: required('TEST_MONGODB_URL'),
    LOG_LEVEL: 'off',
  })
})

afterAll(() => names.end())

test('helpers over connection strings read and write real servers', async () => {
  const said = await names.architecture(
    required('TEST_REDIS_URL'),
    required('TEST_MONGODB_URL'),
    prefix
  )
  expect(said.keys).toEqual([`${prefix}:a`])
  expect(said.set).toEqual({ data: 'OK' })
  expect(said.expire.error).toBeUndefined()
  expect(said.got).toEqual({ data: '{"n":2}' })
  expect(said.hash).toEqual({ data: { f: 'v' } })
  expect(said.info.data).toBeDefined()
  expect(said.ttl.data).toBeGreaterThan(900)
  expect(said.refused.error).toBeInstanceOf(pkg.PermissionError)
  expect(said.inserted.insertedId).toEqual(expect.any(String))
  expect(JSON.stringify(said.databases.data)).toContain(prefix)
  expect(JSON.stringify(said.collections.data)).toContain('users')
  expect(said.count).toEqual({ data: 1 })
  expect(said.found.data).toMatchObject([{ name: 'ada', age: 36 }])
  expect(said.stats.data).toBeDefined()
  expect(said.operated).toEqual({ data: 1 })
  expect(said.valid).toMatchObject({
    redis: true,
    mongodb: true,
    alone: [true, true],
    absent: false,
  })
  expect(said.same).toEqual([true, true])
})

test('the platform database answers with one of data and error', async () => {
  const { data, joined, wrong, health } = await names.platform(stack.projectRef)
  expect(data).toMatchObject([{ id: stack.ids.redis, type: 'redis', status: 'active' }])
  expect(joined.data).toHaveLength(4)
  expect(joined.data?.[0]).toMatchObject({ project_ref: stack.projectRef })
  expect(wrong.data).toBeUndefined()
  expect(wrong.error).toBeInstanceOf(pkg.QueryError)
  expect(health).toMatchObject({ databaseId: stack.ids.redis, status: 'healthy', errorCount: 0 })
})

test('clients of registered connections connect, answer and are pooled', async () => {
  const said = await names.clients(stack.projectRef)
  expect(said.all.map(({ id }) => id)).toEqual([
    stack.ids.redis,
    stack.ids.mongodb,
    stack.ids.postgres,
  ])
  expect(said.list.map(({ id }) => id)).toEqual(expect.arrayContaining(Object.values(stack.ids)))
  expect(said.nothing).toBeNull()
  for (const { latency, info } of said.facts) {
    expect(latency).toBeGreaterThan(0)
    expect(Object.keys(info)).not.toHaveLength(0)
  }
  expect(said.page.keys).toEqual(['names:one'])
  expect(said.extra).toMatchObject({ get: 'x', type: 'string', keys: ['names:one'], del: 1 })
  expect(said.extra.rows).toEqual([{ n: 7 }])
  expect(said.used.data).toBeGreaterThan(0)
  expect(said.unused.error).toBeInstanceOf(pkg.NotFoundError)
  expect(said.pong).toBeGreaterThan(0)
})

test('helpers that need no server do what the documents say', () => {
  const said = names.helpers('redis://:secret@host')
  expect(said).toMatchObject({
    opened: 'redis://:secret@host',
    hidden: true,
    valid: { isValid: true },
    invalid: { isValid: false, error: 'Host is required' },
    params: { filter: { a: 1 }, limit: 1000, skip: 0 },
    query: { name: 'ada' },
  })
  expect(said.sizes).toEqual([
    expect.stringMatching(/^0 /),
    '1.5 KB',
    expect.stringMatching(/^5(\.0)? GB$/),
  ])
  expect(said.code).toThrow(pkg.DatabaseError)
})

test('a guard admits, counts, and answers 429 itself', async () => {
  const { req, res } = createMocks()
  Object.assign(req, { user: { id: `user-${prefix}` } })
  const said = await names.guarded(
    req as unknown as IncomingMessage,
    res as unknown as ServerResponse,
    stack.projectRef
  )
  expect(said.admitted).toEqual([true, true])
  expect(said.last).toBe(false)
  expect(res._getStatusCode()).toBe(429)
  expect(res.getHeader('Retry-After')).toBeDefined()
  expect(said.permissions).toMatchObject({ canRead: true, canWrite: true })
  expect(said.authorized).toBe(true)
})

test('errors have their codes and are answered as the handlers answer them', () => {
  const failures = names.failures()
  expect(failures.map(({ code, statusCode }) => [code, statusCode])).toEqual([
    ['CUSTOM', 418],
    ['DB_CONNECTION_FAILED', 503],
    ['DB_QUERY_ERROR', 400],
    ['UNAUTHENTICATED', 401],
    ['PERMISSION_DENIED', 403],
    ['DB_NOT_FOUND', 404],
    ['CONFLICT', 409],
    ['RATE_LIMITED', 429],
    ['DB_TIMEOUT', 504],
  ])
  for (const failure of failures) {
    expect(failure).toBeInstanceOf(pkg.DatabaseError)
    const { res } = createMocks()
    names.answerFailure(failure, res as unknown as ServerResponse)
    expect(res._getStatusCode()).toBe(failure.statusCode)
    expect(res._getJSONData()).toMatchObject({ error: { code: failure.code } })
  }
  const { res } = createMocks()
  names.answerFailure(new Error('a secret of ours'), res as unknown as ServerResponse)
  expect(res._getStatusCode()).toBe(500)
  expect(res._getData()).not.toContain('secret')
})
