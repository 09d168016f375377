// Code as somebody would write it after the design documents: every name that they use, called as
// they call it. It has to compile under `strict`, and to run.

import type { ServerResponse } from 'node:http'
import {
  type AnyDatabaseConnection,
  AuthenticationError,
  ConflictError,
  ConnectionError,
  type ConnectionHealth,
  ConnectionManager,
  type ConnectionTestResult,
  type CreateConnectionRequest,
  Database,
  type DatabaseConnection,
  DatabaseError,
  DatabaseType,
  MongoDBClient,
  type MongoDBConnection,
  MongoHelpers,
  NotFoundError,
  PermissionError,
  type PlatformDatabase,
  type PlatformDatabaseWithProject,
  PostgresClient,
  type PostgresConnection,
  type ProjectPermissions,
  QueryError,
  RateLimitError,
  RedisClient,
  type RedisConnection,
  RedisHelpers,
  TimeoutError,
  type UpdateConnectionRequest,
  checkDatabaseHealth,
  checkProjectAccess,
  closeMongoConnections,
  closeRedisConnections,
  createDatabaseClient,
  decryptConnectionString,
  encryptConnectionString,
  executeMongoOperation,
  executeRedisCommand,
  formatBytes,
  getCachedConnection,
  getCachedDatabaseList,
  getDatabaseConnection,
  getMongoClient,
  getRedisConnection,
  handleDatabaseError,
  logDatabaseOperation,
  poolManager,
  queryPlatformDatabase,
  rateLimit,
  requirePermission,
  sanitizeMongoQuery,
  sanitizeQueryParams,
  testMongoConnection,
  testRedisConnection,
  validateConnectionParams,
  withDatabaseClient,
} from 'studio-multidb'

/** What a route handler of the documents is given. */
type Req = Parameters<typeof rateLimit>[0]

/** The documents' architecture: helpers over a connection string. */
export async function architecture(redisUrl: string, mongoUrl: string, prefix: string) {
  const client = getRedisConnection(redisUrl)
  await client.set(`${prefix}:a`, '1')
  const { data, error } = await RedisHelpers.getKeys(`${prefix}:*`, redisUrl)
  if (error) throw error
  const set = await RedisHelpers.set(`${prefix}:b`, JSON.stringify({ n: 2 }), redisUrl)
  const expire = await RedisHelpers.expire(`${prefix}:b`, 1000, redisUrl)
  const got = await RedisHelpers.get(`${prefix}:b`, redisUrl)
  await client.hset(`${prefix}:h`, 'f', 'v')
  const hash = await RedisHelpers.hgetall(`${prefix}:h`, redisUrl)
  const info = await RedisHelpers.info('server', redisUrl)
  const ttl = await executeRedisCommand<number>({ command: 'TTL', args: [`${prefix}:b`] })
  const refused = await executeRedisCommand({ command: 'FLUSHALL' })
  for (const key of data ?? []) await client.del(key)

  const mongo = await getMongoClient(mongoUrl)
  const inserted = await mongo.db(prefix).collection('users').insertOne({ name: 'ada', age: 36 })
  const databases = await MongoHelpers.listDatabases(mongoUrl)
  const collections = await MongoHelpers.listCollections(prefix, mongoUrl)
  const count = await MongoHelpers.countDocuments(prefix, 'users', { name: 'ada' }, mongoUrl)
  const found = await MongoHelpers.find(
    prefix,
    'users',
    { age: 36 },
    { limit: 10, skip: 0 },
    mongoUrl
  )
  const stats = await MongoHelpers.stats(prefix, mongoUrl)
  const operated = await executeMongoOperation<number>({
    database: prefix,
    operation: async (db) => db.collection('users').countDocuments({}),
  })
  const valid = {
    redis: await ConnectionManager.testConnection(DatabaseType.REDIS, redisUrl),
    mongodb: await ConnectionManager.testConnection(DatabaseType.MONGODB, mongoUrl),
    alone: [await testRedisConnection(redisUrl), await testMongoConnection(mongoUrl)],
    absent: await ConnectionManager.testConnection(DatabaseType.REDIS, 'redis://127.0.0.1:1'),
    info: await ConnectionManager.getDatabaseInfo(DatabaseType.REDIS, redisUrl),
  }
  const same = [Database.Redis === RedisHelpers, Database.Mongo === MongoHelpers]
  await closeRedisConnections()
  await closeMongoConnections()
  return {
    keys: data,
    set,
    expire,
    got,
    hash,
    info,
    ttl,
    refused,
    inserted,
    databases,
    collections,
    count,
    found,
    stats,
    operated,
    valid,
    same,
  }
}

/** The documents' platform database. */
export async function platform(projectRef: string) {
  const { data, error } = await queryPlatformDatabase<PlatformDatabase>({
    query: 'SELECT * FROM platform.databases WHERE type = $1',
    parameters: ['redis'],
  })
  const joined = await Database.Postgres.query<PlatformDatabaseWithProject>({
    query: 'SELECT * FROM platform.databases_with_projects WHERE project_ref = $1',
    parameters: [projectRef],
  })
  const wrong = await queryPlatformDatabase({ query: 'SELECT nothing_there' })
  if (error) throw error
  const health: ConnectionHealth = await checkDatabaseHealth(data[0] as PlatformDatabase)
  return { data, joined, wrong, health }
}

/** The API design: clients of registered connections. */
export async function clients(projectRef: string) {
  const redis = (await getDatabaseConnection(projectRef, DatabaseType.REDIS)) as RedisConnection
  const mongodb = (await getDatabaseConnection(
    projectRef,
    'mongodb',
    'main-mongodb'
  )) as MongoDBConnection
  const postgres = (await getCachedConnection(projectRef, 'postgres')) as PostgresConnection
  const list: DatabaseConnection[] = await getCachedDatabaseList(projectRef)
  const nothing = await getDatabaseConnection(projectRef, 'redis', 'not-there')
  const all: AnyDatabaseConnection[] = [redis, mongodb, postgres]
  const facts = await Promise.all(
    all.map(async (connection) => {
      const client = createDatabaseClient({
        connection,
        timeout: 5000,
        retry: { attempts: 3, delay: 100 },
      })
      await client.connect()
      const latency = await client.ping()
      const info = await client.getInfo()
      await client.disconnect()
      return { latency, info }
    })
  )
  const ofRedis = new RedisClient({ connection: redis })
  await ofRedis.set('names:one', 'x', 30)
  const page = await ofRedis.scan('0', 'names:*', 100)
  const extra = {
    get: await ofRedis.get('names:one'),
    type: await ofRedis.type('names:one'),
    ttl: await ofRedis.ttl('names:one'),
    keys: await ofRedis.keys('names:*'),
    del: await ofRedis.del('names:one'),
    collections: await new MongoDBClient({ connection: mongodb }).listCollections('admin'),
    rows: await new PostgresClient({ connection: postgres }).query<{ n: number }>(
      'SELECT $1::int AS n',
      [7]
    ),
  }
  const used = await withDatabaseClient(projectRef, 'redis', async (client) => client.ping())
  const unused = await withDatabaseClient(projectRef, 'redis', async () => 1, 'not-there')
  const pooled = await poolManager.getClient(redis.id, projectRef)
  const pong = await pooled.ping()
  await poolManager.releaseClient(redis.id, redis.project_id, 'redis')
  return { all, list, nothing, facts, page, extra, used, unused, pong }
}

/** Requests and answers as the documents' forms send them. */
export const shapes: {
  create: CreateConnectionRequest
  update: UpdateConnectionRequest
  result: ConnectionTestResult
} = {
  create: { database_type: 'redis', identifier: 'cache', host: 'localhost', port: 6379 },
  update: { description: 'another', is_primary: true },
  result: { success: true, latency_ms: 1, version: '7.2', steps: [] },
}

/** Helpers that need no server. */
export function helpers(text: string) {
  const { encrypted, iv, authTag } = encryptConnectionString(text)
  return {
    opened: decryptConnectionString(encrypted, iv, authTag),
    hidden: !encrypted.includes(text),
    sizes: [formatBytes(0), formatBytes(1536), formatBytes(5 * 1024 ** 3)],
    valid: validateConnectionParams({ host: 'localhost', port: 6379, database_type: 'redis' }),
    invalid: validateConnectionParams({ host: '', port: 0, database_type: 'redis' }),
    params: sanitizeQueryParams({ query: { filter: '{"a":1}', limit: '5000', skip: '-3' } }),
    query: sanitizeMongoQuery({ name: 'ada' }),
    code: () => sanitizeMongoQuery({ $or: [{ $where: '1' }] }),
  }
}

/** A route handler of the documents, from its guard to its errors. */
export async function guarded(req: Req, res: ServerResponse, projectRef: string) {
  const admitted = [rateLimit(req, res, 2, 60_000), rateLimit(req, res, 2, 60_000)]
  const access = await checkProjectAccess(req, projectRef)
  const permissions: ProjectPermissions | undefined = access.permissions
  const { authorized } = await requirePermission(req, projectRef, 'write')
  logDatabaseOperation('test', projectRef, 'redis', 12, new Error('as an example'))
  return { admitted, last: rateLimit(req, res, 2, 60_000), permissions, authorized }
}

export function failures() {
  return [
    new DatabaseError('failed', 'CUSTOM', 418, { a: 1 }),
    new ConnectionError('lost', { host: 'x' }),
    new QueryError('wrong'),
    new AuthenticationError('who'),
    new PermissionError('no'),
    new NotFoundError('Database'),
    new ConflictError('changed'),
    new RateLimitError('slow down'),
    new TimeoutError('too late'),
  ]
}

export function answerFailure(error: unknown, res: ServerResponse): void {
  handleDatabaseError(error, res)
}

export async function end() {
  await poolManager.shutdown()
  await ConnectionManager.closeAll()
}
