// What is read through the client and written back is, on the server, the same to the byte: compared with
// what another driver finds there.
import { randomBytes } from 'node:crypto'
import { Binary, Decimal128, Double, Int32, Long, ObjectId, serialize } from 'bson'
import { MongoClient } from 'mongodb'
import {
  ConflictError,
  ConnectionManager,
  type Document,
  type MongoDatabase,
  QueryError,
} from 'studio-multidb'
import { seededRandom } from './support/random.mjs'
import { required } from './support/stack'

const db = `exact_${randomBytes(4).toString('hex')}`
const seed = Number(process.env.TEST_SEED ?? 20261129)
let manager: ConnectionManager
let mongo: MongoDatabase
let driver: MongoClient

beforeAll(() => {
  const url = required('TEST_MONGODB_URL')
  manager = new ConnectionManager({ mongodbUrl: url, logLevel: 'off' })
  mongo = manager.mongodb({ scope: 'default', identifier: 'env' })
  driver = new MongoClient(url)
})

afterAll(async () => {
  await driver?.db(db).dropDatabase()
  await driver?.close()
  manager?.shutdown()
})

/** A value as the text of its Extended JSON, and as `bson` has it. */
interface Sample {
  text: string
  value: unknown
}

const names = [
  'b',
  'a',
  '10',
  '2',
  '0',
  '4294967294',
  '01',
  '-1',
  '__proto__',
  'é',
  'a.b',
  '$x',
  '',
]

/** Values that JSON, or a JavaScript object, would change. */
const scalars: Sample[] = [
  { text: '1', value: new Int32(1) },
  { text: '1.0', value: new Double(1) },
  { text: '-0', value: new Double(-0) },
  { text: '-0.0', value: new Double(-0) },
  { text: '9007199254740993', value: Long.fromString('9007199254740993') },
  { text: '{"$numberLong":"1"}', value: Long.fromNumber(1) },
  { text: '{"$numberLong":"-9223372036854775808"}', value: Long.MIN_VALUE },
  { text: '{"$numberDouble":"Infinity"}', value: new Double(Infinity) },
  { text: '{"$numberDecimal":"1.00"}', value: Decimal128.fromString('1.00') },
  { text: '{"$date":{"$numberLong":"-1"}}', value: new Date(-1) },
  {
    text: '{"$binary":{"base64":"/wA=","subType":"80"}}',
    value: new Binary(Buffer.from([255, 0]), 128),
  },
  { text: '{"$oid":"0123456789abcdef01234567"}', value: new ObjectId('0123456789abcdef01234567') },
  { text: '"\\u00e9\\ud83d\\ude00\\u0000"', value: 'é😀\0' },
  { text: '""', value: '' },
  { text: 'true', value: true },
  { text: 'null', value: null },
]

/** A document whose fields are in an order that no JavaScript object has. */
function sample(random: () => number, depth: number): Sample {
  const pick = <T>(from: T[]): T => from[Math.floor(random() * from.length)] as T
  const kind = random()
  if (depth === 0 || kind < 0.5) return pick(scalars)
  const inner = Array.from({ length: Math.floor(random() * 5) }, () => sample(random, depth - 1))
  if (kind < 0.65) {
    return { text: `[${inner.map(({ text }) => text)}]`, value: inner.map(({ value }) => value) }
  }
  return document(inner.map((field) => [pick(names), field]))
}

function document(fields: Array<[string, Sample]>): Sample {
  const once = new Map(fields)
  const members = [...once].map(([name, { text }]) => `${JSON.stringify(name)}:${text}`)
  const value = new Map([...once].map(([name, { value }]) => [name, value]))
  return { text: `{${members}}`, value }
}

function whole(random: () => number): Sample {
  const id: [string, Sample] = ['_id', { text: '"x"', value: 'x' }]
  const fixed: Array<[string, Sample]> = [
    ['b', { text: '1', value: new Int32(1) }],
    ['10', { text: '2.0', value: new Double(2) }],
  ]
  const more = names
    .filter((name) => !['b', '10'].includes(name) && random() < 0.4)
    .map((name): [string, Sample] => [name, sample(random, 4)])
  return document([id, ...fixed, ...more])
}

const bytesOf = ({ value }: Sample) =>
  Buffer.from(serialize(value as never, { ignoreUndefined: false }))

async function stored(coll: string): Promise<Buffer> {
  const found = await driver.db(db).collection(coll).findOne({}, { raw: true })
  return found as unknown as Buffer
}

async function put(coll: string, text: string): Promise<void> {
  await mongo.documents.deleteMany(db, coll, { filter: {} }, { confirm: true })
  await mongo.documents.insert(db, coll, [text])
}

test('any document is the same to the byte after it was read and written back', async () => {
  const random = seededRandom(seed)
  for (let round = 0; round < 60; round += 1) {
    const one = whole(random)
    const label = `seed ${seed}, round ${round}: ${one.text}`
    await put('back', one.text)
    expect([label, await stored('back')]).toEqual([label, bytesOf(one)])

    // As text, once by its etag and once by itself.
    const read = await mongo.documents.read(db, 'back', 'x', { as: 'text' })
    const text = read.document as string
    const input = { replacement: text, as: 'text' } as const
    const back = await mongo.documents.update(db, 'back', 'x', { ...input, if_match: read.etag! })
    expect([label, back]).toEqual([label, { matched_count: 1, upserted_id: null, ...read }])
    await mongo.documents.update(db, 'back', 'x', { ...input, if_unchanged: text })
    await mongo.documents.update(db, 'back', 'x', input)
    expect([label, await stored('back')]).toEqual([label, bytesOf(one)])

    // As objects, in both forms: a change is made, and it alone. Nothing conflicts.
    for (const ejson of ['relaxed', 'canonical'] as const) {
      const seen = (await mongo.documents.get(db, 'back', 'x', { ejson }))!
      const change = { update: { $set: { b: 2 } }, if_unchanged: seen }
      await mongo.documents.update(db, 'back', 'x', change)
      const page = await mongo.documents.find(db, 'back', { ejson })
      const undo = { update: { $set: { b: 1 } }, if_unchanged: page.documents[0]! }
      await mongo.documents.update(db, 'back', 'x', undo)
      expect([label, await stored('back')]).toEqual([label, bytesOf(one)])
      // What was seen first is there again.
      await mongo.documents.update(db, 'back', 'x', { ...change, update: { $set: { b: 1 } } })
    }
    // In a copy nobody can know where `10` stood.
    for (const ejson of ['relaxed', 'canonical'] as const) {
      const copy = structuredClone((await mongo.documents.get(db, 'back', 'x', { ejson }))!)
      const refused = mongo.documents.delete(db, 'back', 'x', { if_unchanged: copy })
      await expect(refused).rejects.toMatchObject({ code: 'VALIDATION_ERROR', statusCode: 400 })
    }
    await mongo.documents.delete(db, 'back', 'x', { if_unchanged: text })
  }
})

test('a copy whose order JavaScript keeps is what it was made of', async () => {
  const kept = [
    '{"_id":"x","b":[1,{"10":2}],"01":1,"4294967295":2,"-1":3}',
    '{"_id":"x","at":{"$date":"2020-01-01T00:00:00Z"},"in":{"z":1,"a":1.5}}',
  ]
  for (const text of kept) {
    await put('copies', text)
    const seen = await mongo.documents.get(db, 'copies', 'x', { ejson: 'canonical' })
    const stale = { update: { $set: { z: 1 } }, if_unchanged: structuredClone(seen!) }
    await mongo.documents.update(db, 'copies', 'x', stale)
    const refused = mongo.documents.update(db, 'copies', 'x', stale)
    await expect(refused).rejects.toBeInstanceOf(ConflictError)
  }
  // Types of numbers are not in a relaxed copy, and are none of its caller's change.
  const typed =
    '{"_id":"x","n":1.0,"long":{"$numberLong":"5"},"in":[{"at":{"$date":"2020-01-01T00:00:00Z"}}]}'
  await put('copies', typed)
  const relaxed = await mongo.documents.get(db, 'copies', 'x', { ejson: 'relaxed' })
  for (const copy of [{ ...relaxed! }, JSON.parse(JSON.stringify(relaxed)) as Document]) {
    await mongo.documents.update(db, 'copies', 'x', { update: { $set: {} }, if_unchanged: copy })
  }
  await put('copies', typed.replace('"5"', '"6"'))
  const changed = { update: { $set: {} }, if_unchanged: { ...relaxed! } }
  const late = mongo.documents.update(db, 'copies', 'x', changed)
  await expect(late).rejects.toBeInstanceOf(ConflictError)
  const lost = ['{"_id":"x","4294967294":1}', '{"_id":"x","in":[{"0":1,"a":2}]}', '{"9":1,"10":2}']
  for (const text of lost) {
    const seen = JSON.parse(text) as Document
    const refused = mongo.documents.update(db, 'copies', 'x', { update: {}, if_unchanged: seen })
    await expect(refused).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  }
})

test("another's change is always a conflict", async () => {
  const random = seededRandom(seed + 1)
  for (let round = 0; round < 40; round += 1) {
    const [one, other] = [whole(random), whole(random)]
    const label = `seed ${seed + 1}, round ${round}: ${one.text} ${other.text}`
    await put('conflict', one.text)
    const seen = await mongo.documents.get(db, 'conflict', 'x', { ejson: 'canonical' })
    const { document: text, etag } = await mongo.documents.read(db, 'conflict', 'x', { as: 'text' })
    await put('conflict', other.text)
    const same = bytesOf(one).equals(bytesOf(other))
    for (const guard of [{ if_unchanged: seen! }, { if_unchanged: text! }, { if_match: etag! }]) {
      const change = mongo.documents.update(db, 'conflict', 'x', { update: { $set: {} }, ...guard })
      const error: unknown = await change.then(
        () => undefined,
        (refused: unknown) => refused
      )
      if (same) {
        expect([label, error]).toEqual([label, undefined])
        continue
      }
      expect(error).toBeInstanceOf(ConflictError)
      const { details } = error as ConflictError
      const now = await mongo.documents.read(db, 'conflict', 'x', { ejson: 'canonical' })
      expect([label, details]).toEqual([label, { current: now.document, etag: now.etag }])
    }
  }
  // Even one that only changes an order that JavaScript can't see.
  await put('conflict', '{"_id":"x","b":1,"10":2}')
  const seen = (await mongo.documents.get(db, 'conflict', 'x', { ejson: 'canonical' }))!
  await put('conflict', '{"_id":"x","10":2,"b":1}')
  const change = { update: { $set: { b: 2 } }, if_unchanged: seen }
  const refused = mongo.documents.update(db, 'conflict', 'x', change)
  await expect(refused).rejects.toBeInstanceOf(ConflictError)
  const copied = mongo.documents.update(db, 'conflict', 'x', {
    ...change,
    if_unchanged: structuredClone(seen),
  })
  await expect(copied).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  const left = await mongo.documents.read(db, 'conflict', 'x', { as: 'text' })
  expect(left.document).toBe('{"_id":"x","10":{"$numberInt":"2"},"b":{"$numberInt":"1"}}')
})

test('a state that is null is none, and nothing is changed', async () => {
  await put('null', '{"_id":"x","b":1}')
  const missing = await mongo.documents.read(db, 'null', 'nobody')
  for (const guard of [{ if_match: missing.etag }, { if_unchanged: missing.document }]) {
    const given = guard as object
    for (const refused of [
      mongo.documents.update(db, 'null', 'x', { update: { $set: { b: 2 } }, ...given }),
      mongo.documents.delete(db, 'null', 'x', given),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    }
  }
  const left = await mongo.documents.get(db, 'null', 'x')
  expect(left).toEqual({ _id: 'x', b: 1 })
})

test('filters, updates, pipelines and indexes keep their order as text', async () => {
  await put('texts', '{"_id":"x","b":1,"10":2,"in":{"b":1,"10":2}}')
  const filter = '{"in":{"b":1,"10":2}}'
  const page = await mongo.documents.find(db, 'texts', { filter, as: 'text', ejson: 'relaxed' })
  expect(page.documents).toEqual(['{"_id":"x","b":1,"10":2,"in":{"b":1,"10":2}}'])
  expect(page.etags).toHaveLength(1)
  const count = await mongo.analysis.count(db, 'texts', { filter: '{"in":{"10":2,"b":1}}' })
  expect(count.value).toBe(0)
  await mongo.documents.update(db, 'texts', 'x', { update: '{"$set":{"in":{"z":1.0,"7":-0}}}' })
  const run = { as: 'text', ejson: 'relaxed' } as const
  const pipeline = ['{"$project":{"_id":0,"in":1}}']
  const all = await mongo.aggregations.run(db, 'texts', pipeline, run)
  expect(all).toEqual(['{"in":{"z":1.0,"7":-0.0}}'])
  const streamed: unknown[] = []
  for await (const one of mongo.aggregations.stream(db, 'texts', '[]', run)) streamed.push(one)
  expect(streamed).toEqual(['{"_id":"x","b":1,"10":2,"in":{"z":1.0,"7":-0.0}}'])
  const walked: string[] = []
  for await (const one of mongo.documents.each(db, 'texts', { as: 'text' })) walked.push(one)
  expect(walked).toHaveLength(1)
  await mongo.indexes.create(db, 'texts', '{"b":1,"10":1}')
  const { name } = (await driver.db(db).collection('texts').indexes())[1]!
  expect(name).toBe('b_1_10_1')
})

test('a text with a member twice is refused with its path', async () => {
  const twice = mongo.documents.insert(db, 'twice', ['{"a":[{"k":1,"k":2}]}'])
  await expect(twice).rejects.toBeInstanceOf(QueryError)
  await expect(twice).rejects.toThrow('`a[0].k` is given twice')
})
