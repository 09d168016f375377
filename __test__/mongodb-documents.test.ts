import { randomBytes } from 'node:crypto'
import { EJSON } from 'bson'
import {
  ConflictError,
  ConnectionManager,
  type MongoDatabase,
  PermissionError,
} from 'studio-multidb'
import { required } from './support/stack'

const db = `documents_${randomBytes(4).toString('hex')}`
let manager: ConnectionManager
let mongo: MongoDatabase

beforeAll(() => {
  manager = new ConnectionManager({ mongodbUrl: required('TEST_MONGODB_URL'), logLevel: 'off' })
  mongo = manager.mongodb({ scope: 'default', identifier: 'env' })
})

afterAll(() => manager?.shutdown())

test('every document is visited once, in the order that was asked for', async () => {
  const documents = Array.from({ length: 45 }, (_, i) => ({ _id: i, n: i % 4 || null }))
  await mongo.documents.insert(db, 'walk', documents)
  const seen: number[] = []
  const options = { sort: { n: -1 }, limit: 7, projection: { _id: 1 } }
  for await (const { _id } of mongo.documents.each<{ _id: number }>(db, 'walk', options)) {
    seen.push(_id)
  }
  const expected = documents.map(({ _id }) => _id)
  expected.sort((a, b) => (b % 4) - (a % 4) || b - a)
  expect(seen).toEqual(expected)
})

test('an edit writes what differs, and a conflict carries the current document', async () => {
  await mongo.documents.insert(db, 'edits', [{ _id: 1, a: 1, b: { c: 'x' } }])
  const id = { id_type: 'int', ejson: 'canonical' } as const
  const loaded = await mongo.documents.get(db, 'edits', '1', id)
  const replacement = { ...loaded, a: { $numberLong: '2' } }
  const input = { replacement, if_unchanged: loaded!, ...id }
  const { document } = await mongo.documents.update(db, 'edits', '1', input)
  expect(document).toEqual(replacement)
  const conflict = mongo.documents.update(db, 'edits', '1', input)
  await expect(conflict).rejects.toBeInstanceOf(ConflictError)
  await expect(conflict).rejects.toMatchObject({
    outcome: 'not_applied',
    details: { current: replacement },
  })
})

test('writes to everything are previewed and confirmed', async () => {
  await mongo.documents.bulkWrite(db, 'bulk', [
    { insertOne: { document: { _id: 1 } } },
    { insertOne: { document: { _id: 2 } } },
    { updateOne: { filter: { _id: 3 }, update: { $set: { a: 1 } }, upsert: true } },
  ])
  const all = { filter: {} }
  const preview = await mongo.documents.preview(db, 'bulk', [{ deleteMany: all }])
  expect(preview.writes[0]).toMatchObject({ index: 0, matched: { value: 3 } })
  const refused = mongo.documents.deleteMany(db, 'bulk', all)
  await expect(refused).rejects.toBeInstanceOf(PermissionError)
  const done = await mongo.documents.deleteMany(db, 'bulk', all, { confirm: true })
  expect(done.deleted_count).toBe(3)
})

test("the driver's own Extended JSON is read, and reads what is written", async () => {
  const text = JSON.stringify({
    _id: { $oid: '56e1fc72e0c917e9c4714161' },
    int: { $numberInt: '1' },
    long: { $numberLong: '9007199254740993' },
    double: { $numberDouble: '1.0' },
    zero: { $numberDouble: '-0.0' },
    decimal: { $numberDecimal: '1.200' },
    date: { $date: { $numberLong: '-284643869501' } },
    uuid: { $binary: { base64: 'c//SZESzTGmQ6OfR38A11A==', subType: '03' } },
    regex: { $regularExpression: { pattern: '^a', options: 'im' } },
    stamp: { $timestamp: { t: 1, i: 2 } },
    code: { $code: 'x', $scope: { y: { $numberInt: '1' } } },
    min: { $minKey: 1 },
    max: { $maxKey: 1 },
  })
  const theirs = EJSON.parse(text, { relaxed: false }) as object
  const written = JSON.parse(EJSON.stringify(theirs, { relaxed: false }))
  await mongo.documents.insert(db, 'ejson', [written])
  const id = '56e1fc72e0c917e9c4714161'
  const ours = await mongo.documents.get(db, 'ejson', id, { ejson: 'canonical' })
  expect(JSON.stringify(ours)).toBe(text)
  expect(EJSON.parse(JSON.stringify(ours), { relaxed: false })).toEqual(theirs)
})
