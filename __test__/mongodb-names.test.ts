// The answers of MongoDB's routes and names, key by key, as the design documents have them. What the
// package adds to them stands in a group of its own.

import * as pkg from 'studio-multidb'
import { required, sharedStack } from './support/stack'

const db = `names_${process.pid}_${Date.now().toString(36)}`
const text: string = expect.any(String)
const number: number = expect.any(Number)
const flag: boolean = expect.any(Boolean)

const stack = sharedStack({}, async () => {
  await stack.api('DELETE', `${connection}/databases/${db}`, { confirm: db })
  await pkg.ConnectionManager.closeAll()
})
let url: string
/** Below the project, and below the connection by its id. */
let project: string
let connection: string

beforeAll(async () => {
  url = required('TEST_MONGODB_URL')
  Object.assign(process.env, {
    DATABASE_URL: stack.databaseUrl,
    DATABASE_ENCRYPTION_KEY: stack.options.encryptionKey,
    MONGODB_URL: url,
    LOG_LEVEL: 'off',
  })
  project = `/mongodb/${stack.projectRef}`
  connection = `/mongodb/${stack.ids.mongodb}`
})

/** What a request that succeeds answers with, inside of its envelope. */
async function data(method: string, path: string, body?: unknown) {
  const answer = await stack.api(method, path, body)
  if (answer.status >= 300) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
  expect(Object.keys(answer.body)).toEqual(['data'])
  return answer.body.data
}

describe('routes of the API design', () => {
  const below = () => `${project}/databases/${db}`
  const users = () => `${below()}/collections/users`
  const documents = () => `${users()}/documents`

  const registered = {
    id: text,
    project_id: text,
    database_type: 'mongodb',
    identifier: text,
    host: text,
    port: number,
    options: expect.any(Object),
    is_primary: flag,
    status: expect.stringMatching(/^(ACTIVE|INACTIVE|ERROR|CONNECTING)$/),
    created_at: text,
    updated_at: text,
  }

  test('databases: make, list, figures', async () => {
    await data('POST', `${project}/databases`, { name: db, collection: 'first' })
    const list = await data('GET', `${project}/databases`)
    expect(list.find(({ name }: { name: string }) => name === db)).toStrictEqual({
      name: db,
      size_on_disk: number,
      empty: flag,
      collections: 1,
    })
    expect(await data('GET', `${below()}/stats`)).toMatchObject({
      db,
      collections: number,
      views: number,
      objects: number,
      avg_obj_size: number,
      data_size: number,
      storage_size: number,
      indexes: number,
      index_size: number,
    })
  })

  test('collections: make, list', async () => {
    const options = {
      validator: { age: { $gte: 0 } },
      validationLevel: 'strict',
      validationAction: 'error',
    }
    await data('POST', `${below()}/collections`, { name: 'users', options })
    const capped = { capped: true, size: 4096, max: 3 }
    await data('POST', `${below()}/collections`, { name: 'ring', options: capped })
    const list = await data('GET', `${below()}/collections`)
    const named = (wanted: string) => list.find(({ name }: { name: string }) => name === wanted)
    const info = {
      count: 0,
      size: number,
      storage_size: number,
      indexes: number,
    }
    expect(named('users')).toMatchObject({ name: 'users', type: 'collection', options, info })
    // Nothing has an average size of nothing.
    expect(named('users').info).toHaveProperty('avg_obj_size')
    expect(named('ring')).toMatchObject({ type: 'collection', options: capped })
  })

  test('documents: insert, query, get, update, delete', async () => {
    const one = await data('POST', documents(), { document: { name: 'ada', age: 36 } })
    const added = { ids: [{ $oid: one.inserted_ids[0] }] }
    expect(one).toStrictEqual({ inserted_ids: [text], inserted_count: 1, ...added })
    const more = Array.from({ length: 24 }, (_, age) => ({ _id: `u${age}`, age }))
    const many = await data('POST', documents(), { documents: more })
    const ids = more.map(({ _id }) => _id)
    expect(many).toStrictEqual({ inserted_ids: ids, inserted_count: 24, ids })

    const page = await data('GET', documents())
    expect(page).toMatchObject({ total: 25, page: 1, page_size: 20, has_more: true })
    expect(page.documents).toHaveLength(20)
    expect(Object.keys(page).sort()).toEqual(
      [
        ...['documents', 'total', 'page', 'page_size', 'has_more'],
        ...['count', 'truncated', 'next_cursor', 'etags'],
      ].sort()
    )
    const query = new URLSearchParams({
      filter: '{"age":{"$gte":18}}',
      projection: '{"_id":0,"age":1}',
      sort: '{"age":-1}',
      limit: '2',
      skip: '2',
    })
    expect(await data('GET', `${documents()}?${query}`)).toMatchObject({
      documents: [{ age: 22 }, { age: 21 }],
      total: 7,
      page: 2,
      page_size: 2,
      has_more: true,
    })

    expect(await data('GET', `${documents()}/u1`)).toStrictEqual({ _id: 'u1', age: 1 })
    expect(await data('GET', `${documents()}/${one.inserted_ids[0]}`)).toMatchObject({ age: 36 })
    expect(await data('GET', `${documents()}/nobody`)).toBeNull()

    const update = { $set: { age: 2 }, $inc: { n: 1 } }
    expect(await data('PUT', `${documents()}/u1`, { update })).toMatchObject({
      matched_count: 1,
      document: { _id: 'u1', age: 2, n: 1 },
    })
    expect(await data('PUT', `${documents()}/new`, { update, upsert: true })).toMatchObject({
      upserted_id: 'new',
      document: { _id: 'new', age: 2, n: 1 },
    })
    expect(await data('DELETE', `${documents()}/new`)).toStrictEqual({ deleted_count: 1 })
  })

  test('aggregate: a bare list', async () => {
    const pipeline = [{ $match: { age: { $gte: 22 } } }, { $count: 'n' }]
    const options = { allowDiskUse: true, maxTimeMS: 5000 }
    const found = await data('POST', `${users()}/aggregate`, { pipeline, options })
    expect(found).toStrictEqual([{ n: 3 }])
  })

  test('indexes: make, list, drop', async () => {
    const options = { name: 'by_name', unique: true, sparse: true, background: true }
    await data('POST', `${users()}/indexes`, { key: { name: 1 }, options })
    const expireAfterSeconds = 3600
    const partialFilterExpression = { age: { $gt: 5 } }
    await data('POST', `${users()}/indexes`, { key: { at: -1 }, options: { expireAfterSeconds } })
    await data('POST', `${users()}/indexes`, {
      key: { age: 1 },
      options: { partialFilterExpression },
    })
    const list = await data('GET', `${users()}/indexes`)
    const named = (wanted: string) => list.find(({ name }: { name: string }) => name === wanted)
    expect(named('_id_')).toMatchObject({ name: '_id_', key: { _id: 1 }, size: number })
    expect(named('by_name')).toMatchObject({ key: { name: 1 }, unique: true, sparse: true })
    expect(named('at_-1')).toMatchObject({ key: { at: -1 }, ttl: expireAfterSeconds, size: number })
    expect(named('age_1')).toMatchObject({ partial_filter: partialFilterExpression })
    await data('DELETE', `${users()}/indexes/by_name`)
    expect(await data('GET', `${users()}/indexes`)).toHaveLength(3)
  })

  test('collections: drop, once its name is confirmed', async () => {
    const ring = `${below()}/collections/ring`
    expect((await stack.api('DELETE', ring)).status).toBeGreaterThanOrEqual(400)
    await data('DELETE', `${ring}?confirm=ring`)
  })

  test('connections: list, make, test', async () => {
    // Lists have their paging beside them.
    const { connections, cursor } = await data('GET', `${project}/connections`)
    expect(connections).toEqual([expect.objectContaining(registered)])
    expect(cursor).toBeNull()
    const { hostname, port } = new URL(url)
    const made = await data('POST', `${project}/connections`, {
      identifier: 'another',
      host: hostname,
      port: Number(port),
      database_name: 'app',
      options: { server_selection_timeout: 3000 },
    })
    expect(made).toMatchObject({ ...registered, database_name: 'app', identifier: 'another' })
    expect(made).not.toHaveProperty('password')
    const tested = await stack.api('POST', `${project}/connections/${made.id}/test`)
    expect(tested.body.data ?? tested.body).toMatchObject({
      success: true,
      latency_ms: number,
      version: text,
      topology: expect.stringMatching(/^(standalone|replica_set|sharded)$/),
      databases: expect.arrayContaining([db]),
    })
    expect((await stack.api('DELETE', `${project}/connections/${made.id}`)).status).toBe(200)
  })
})

describe('routes of the architecture, by the id of the connection', () => {
  const named = `databaseName=${db}`

  test('databases, collections, documents and figures', async () => {
    const databases = await data('GET', `${connection}/databases`)
    expect(databases.map(({ name }: { name: string }) => name)).toContain(db)
    const collections = await data('GET', `${connection}/collections?${named}`)
    expect(collections).toEqual(await data('GET', `${connection}/databases/${db}/collections`))
    expect(collections.map(({ name }: { name: string }) => name).sort()).toEqual(['first', 'users'])
    const page = await data('GET', `${connection}/documents?${named}&collection=users&limit=3`)
    expect(page).toMatchObject({ total: 25, page: 1, page_size: 3, has_more: true })
    const stats = await data('GET', `${connection}/stats?${named}`)
    expect(stats).toMatchObject({ db, collections: 2, objects: 25 })
  })

  test('what is not there, and what is not done', async () => {
    const nobody = '/mongodb/00000000-0000-4000-8000-000000000000/collections'
    expect((await stack.api('GET', nobody)).status).toBe(404)
    const wrong = await stack.api('PUT', `${connection}/collections`)
    expect(wrong.status).toBe(405)
    expect(wrong.headers).toMatchObject({ allow: 'GET' })
    expect(wrong.body).toMatchObject({ message: text, error: { message: text } })
  })
})

describe('names', () => {
  const listed = { name: db, sizeOnDisk: number, empty: flag }
  const collection = {
    name: 'users',
    type: 'collection',
    options: expect.any(Object),
    info: expect.objectContaining({ readOnly: false, count: 25 }),
  }
  const figures = {
    db,
    collections: 2,
    views: 0,
    objects: 25,
    avgObjSize: number,
    dataSize: number,
    storageSize: number,
    indexes: number,
    indexSize: number,
    totalSize: number,
    scaleFactor: 1,
    fsUsedSize: expect.anything(),
    fsTotalSize: expect.anything(),
    ok: 1,
  }
  const named = <T extends { name: string }>(list: T[] | undefined, wanted: string) =>
    list?.find(({ name }) => name === wanted)

  test('MongoHelpers answer as the driver does, in `data`', async () => {
    const databases = await pkg.MongoHelpers.listDatabases(url)
    expect(Object.keys(databases)).toEqual(['data'])
    expect(named(databases.data, db)).toStrictEqual(listed)
    const collections = await pkg.MongoHelpers.listCollections(db, url)
    expect(named(collections.data, 'users')).toStrictEqual(collection)
    expect(await pkg.MongoHelpers.countDocuments(db, 'users', { age: 2 }, url)).toStrictEqual({
      data: 2,
    })
    const found = await pkg.MongoHelpers.find(
      db,
      'users',
      { age: { $gte: 20 } },
      { sort: { age: 1 }, projection: { age: 1 }, skip: 1, limit: 2 },
      url
    )
    expect(found).toStrictEqual({
      data: [
        { _id: 'u21', age: 21 },
        { _id: 'u22', age: 22 },
      ],
    })
    const { data: stats, error } = await pkg.MongoHelpers.stats(db, url)
    expect(error).toBeUndefined()
    expect(Object.keys(stats ?? {}).sort()).toEqual(Object.keys(figures).sort())
    expect(stats).toMatchObject({
      ...figures,
      fsUsedSize: stats?.fsUsedSize,
      fsTotalSize: stats?.fsTotalSize,
    })
  })

  test('MongoHelpers answer a failure with `error` alone', async () => {
    const nowhere = 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500'
    for (const answer of [
      await pkg.MongoHelpers.listDatabases(nowhere),
      await pkg.MongoHelpers.find(db, 'users', { $where: '1' }, {}, url),
    ]) {
      expect(Object.keys(answer)).toEqual(['error'])
      expect(answer.error).toBeInstanceOf(pkg.DatabaseError)
    }
    expect(await pkg.testMongoConnection(url)).toBe(true)
    expect(await pkg.testMongoConnection(nowhere)).toBe(false)
  })

  test('getMongoClient and executeMongoOperation give a driver’s databases and collections', async () => {
    const client = await pkg.getMongoClient(url)
    expect(await client.db(db).admin().listDatabases()).toStrictEqual({
      databases: expect.arrayContaining([listed]),
      totalSize: number,
      totalSizeMb: number,
      ok: 1,
    })
    const first = client.db(db).collection('first')
    expect(await first.insertOne({ a: 1 })).toStrictEqual({ acknowledged: true, insertedId: text })
    expect(await first.insertMany([{ _id: 'x' }, { _id: 'y' }])).toStrictEqual({
      acknowledged: true,
      insertedCount: 2,
      insertedIds: { 0: 'x', 1: 'y' },
    })
    const operated = await pkg.executeMongoOperation({
      database: db,
      operation: async (database) => ({
        count: await database.collection('first').countDocuments({ _id: { $in: ['x', 'y'] } }),
        one: await database.collection('first').findOne({ _id: 'x' }),
        none: await database.collection('first').findOne({ _id: 'z' }),
        collections: (await database.listCollections().toArray()).map(({ name }) => name).sort(),
        piped: await database
          .collection('first')
          .aggregate([{ $count: 'n' }])
          .toArray(),
      }),
    })
    expect(operated).toStrictEqual({
      data: {
        count: 2,
        one: { _id: 'x' },
        none: null,
        collections: ['first', 'users'],
        piped: [{ n: 3 }],
      },
    })
  })

  test('MongoDBClient connects, answers and tells of the server', async () => {
    const found = await pkg.getDatabaseConnection(stack.projectRef, 'mongodb', 'main-mongodb')
    const client = new pkg.MongoDBClient({ connection: found as pkg.MongoDBConnection })
    expect(await client.connect()).toBeUndefined()
    expect(await client.ping()).toBeGreaterThanOrEqual(0)
    const info = await client.getInfo()
    expect(Object.keys(info)).toEqual(['version', 'uptime', 'connections', 'memory'])
    expect(info).toMatchObject({ version: text, uptime: number })
    expect(Object.keys(info.connections as object)).toEqual(
      expect.arrayContaining(['current', 'available', 'totalCreated'])
    )
    expect(Object.keys(info.memory as object)).toEqual(
      expect.arrayContaining(['bits', 'resident', 'virtual'])
    )
    expect(named(await client.listDatabases(), db)).toStrictEqual(listed)
    expect(await client.listCollections(db)).toHaveLength(2)
    expect(client.getDb(db).databaseName).toBe(db)
    expect(await client.disconnect()).toBeUndefined()
  })
})
