import { ConflictError, type MongoDatabase, NotFoundError, PermissionError } from 'studio-multidb'
import { sharedStack } from './support/stack'

const stack = sharedStack({ rateLimit: 'off' }, () => mongo.databases.drop(db, db))
let mongo: MongoDatabase
const db = `admin_${process.pid}_${Date.now().toString(36)}`

beforeAll(() => {
  mongo = stack.manager.mongodb(stack.ids.mongodb)
})

test('a database lives from its first collection until its name is said twice', async () => {
  const made = await mongo.databases.create(db, 'first', { validator: { a: { $exists: true } } })
  expect(made).toEqual({ name: db, collection: 'first' })
  await expect(mongo.databases.create(db, 'second')).rejects.toThrow(ConflictError)
  const found = (await mongo.databases.list()).find(({ name }) => name === db)
  expect(found).toMatchObject({ collections: 1 })
  expect((await mongo.databases.list({ info: false })).map(({ name }) => name)).toContain(db)
  expect(await mongo.databases.stats(db)).toMatchObject({ db, scale: 1, objects: 0 })
  await expect(mongo.databases.drop(db, 'another')).rejects.toThrow(PermissionError)
  await expect(mongo.databases.drop('admin', 'admin')).rejects.toThrow(PermissionError)
  await expect(mongo.databases.drop('never_made', 'never_made')).rejects.toThrow(NotFoundError)
})

test('a collection is made, tried, changed, renamed and dropped', async () => {
  const { collections } = mongo
  await collections.create(db, 'people')
  await mongo.documents.insert(db, 'people', [{ _id: 1, age: 36 }, { _id: 2 }])
  const rules = { $jsonSchema: { required: ['age'] } }
  expect(await collections.validate(db, 'people', rules)).toEqual({
    valid: false,
    violating: { value: 1, kind: 'exact' },
    documents: [{ _id: 2 }],
    truncated: false,
  })
  const set = collections.modify(db, 'people', { validator: rules }, { ifValid: true })
  await expect(set).rejects.toMatchObject({ code: 'CONFLICT', outcome: 'not_applied' })
  const changed = await collections.modify(db, 'people', { validationLevel: 'moderate' })
  expect(changed.collection?.options).toMatchObject({ validationLevel: 'moderate' })

  await collections.create(db, 'view', { viewOn: 'people', pipeline: [{ $match: { age: 36 } }] })
  const kinds = (await collections.list(db)).map(({ name, kind }) => [name, kind])
  expect(kinds).toContainEqual(['view', 'view'])
  await collections.drop(db, 'view', 'view')

  await collections.create(db, 'crowd')
  await expect(collections.rename(db, 'people', 'crowd')).rejects.toThrow(ConflictError)
  const renamed = await collections.rename(db, 'people', 'crowd', { replace: 'crowd' })
  expect(renamed.collection?.name).toBe('crowd')
  await expect(collections.drop(db, 'crowd', 'people')).rejects.toThrow(PermissionError)
  expect(await collections.drop(db, 'crowd', 'crowd')).toEqual({ dropped: 'crowd' })
})

test('an index is built while its progress is told, listed and dropped', async () => {
  const { indexes } = mongo
  await mongo.documents.insert(db, 'indexed', [{ a: 1, b: 2 }])
  expect(await indexes.create(db, 'indexed', { a: 1 })).toEqual({ name: 'a_1', state: 'built' })
  const states = []
  for await (const { state } of indexes.build(db, 'indexed', { a: 1, b: -1 }, { unique: true })) {
    states.push(state)
  }
  expect(states.at(-1)).toBe('built')
  const listed = await indexes.list(db, 'indexed')
  expect(listed.map(({ name }) => name)).toEqual(['_id_', 'a_1', 'a_1_b_-1'])
  expect(listed[1]!.warnings).toMatchObject([{ kind: 'prefix', covered_by: 'a_1_b_-1' }])
  const stats = await indexes.stats(db, 'indexed')
  expect(stats.indexes.map(({ size }) => typeof size)).toEqual(['number', 'number', 'number'])
  expect(await indexes.drop(db, 'indexed', 'a_1')).toEqual({ dropped: 'a_1' })
  for (const name of ['*', '', '_id_']) {
    await expect(indexes.drop(db, 'indexed', name)).rejects.toMatchObject({
      outcome: 'not_applied',
    })
  }
  const several = ['a_1_b_-1'] as unknown as string
  await expect(indexes.drop(db, 'indexed', several)).rejects.toMatchObject({
    code: 'VALIDATION_ERROR',
  })
  expect(await indexes.list(db, 'indexed')).toHaveLength(2)
})

test('a failed build is thrown from the loop', async () => {
  await mongo.documents.insert(db, 'twice', [{ a: 1 }, { a: 1 }])
  const building = async () => {
    for await (const _ of mongo.indexes.build(db, 'twice', { a: 1 }, { unique: true }));
  }
  await expect(building()).rejects.toThrow(ConflictError)
})

test('the server tells its version, our connections and what its profiler is set to', async () => {
  const status = await mongo.server.status({ fresh: true })
  expect(status.version).toMatch(/^\d+\./)
  expect(status.pool.open).toBeGreaterThan(0)
  const { operations, truncated } = await mongo.server.operations({ limit: 10 })
  expect([Array.isArray(operations), truncated]).toEqual([true, false])
  expect(await mongo.server.profile(db)).toMatchObject({ level: 0, records: [], cursor: null })
  await expect(mongo.server.kill(2 ** 40)).rejects.toThrow(NotFoundError)
})
