import { randomBytes } from 'node:crypto'
import { type MongoDatabase, QueryError } from 'studio-multidb'
import { released, sharedStack } from './support/stack'

const db = `query_${randomBytes(4).toString('hex')}`
const coll = 'things'
const stack = sharedStack()
let mongo: MongoDatabase

beforeAll(async () => {
  mongo = stack.manager.mongodb(stack.ids.mongodb)
  const documents = Array.from({ length: 2000 }, (_, i) => ({
    _id: i,
    kind: ['a', 'b', 'c'][i % 3],
    long: { $numberLong: '9007199254740993' },
    text: 'x'.repeat(200),
  }))
  await mongo.documents.insert(db, coll, documents)
})

test('a pipeline gives a list, or a stream of any size', async () => {
  const group = [{ $group: { _id: '$kind', n: { $sum: 1 } } }, { $sort: { _id: 1 } }]
  const list = await mongo.aggregations.run(db, coll, group, { allowDiskUse: true })
  expect(list).toEqual([
    { _id: 'a', n: 667 },
    { _id: 'b', n: 667 },
    { _id: 'c', n: 666 },
  ])
  expect(await mongo.aggregations.run(db, coll, group)).toEqual(list)

  let seen = 0
  for await (const document of mongo.aggregations.stream<{ long: unknown }>(db, coll, [])) {
    expect(document.long).toEqual({ $numberLong: '9007199254740993' })
    seen++
  }
  expect(seen).toBe(2000)
})

test.each(['out', 'merge'])(
  'a streamed pipeline with $%s writes, and gives nothing',
  async (stage) => {
    const target = `written_by_${stage}`
    const pipeline = [{ $limit: 3 }, { [`$${stage}`]: target }]
    const drain = async (input?: { confirm?: boolean }) => {
      const seen: unknown[] = []
      for await (const one of mongo.aggregations.stream(db, coll, pipeline, input)) seen.push(one)
      return seen
    }
    for (const confirm of [false, undefined]) {
      await expect(drain({ confirm } as never)).rejects.toThrow(/confirm/)
      expect(await mongo.aggregations.run(db, target, [])).toEqual([])
    }
    expect(await drain()).toEqual([])
    expect(await mongo.aggregations.run(db, target, [])).toHaveLength(3)
  }
)

test('leaving a stream early, or aborting it, gives the connection back', async () => {
  for await (const document of mongo.aggregations.stream(db, coll, [])) {
    expect(document).toHaveProperty('kind')
    break
  }
  await released(stack, stack.ids.mongodb)

  const abort = new AbortController()
  const reading = (async () => {
    const stream = mongo.aggregations.stream(db, coll, [], {}, { signal: abort.signal })
    for await (const _ of stream) abort.abort(new Error('enough'))
  })()
  await expect(reading).rejects.toThrow('enough')
  await released(stack, stack.ids.mongodb)
})

test('what is wrong with a pipeline is thrown before its first document', async () => {
  const stream = mongo.aggregations.stream(db, coll, [{ $match: 1 } as never])
  await expect(stream.next()).rejects.toBeInstanceOf(QueryError)
})

test('a pipeline that writes is run only where it is meant', async () => {
  const out = [{ $match: { _id: { $lt: 3 } } }, { $out: 'written' }]
  await expect(mongo.aggregations.run(db, coll, out, { confirm: false })).rejects.toMatchObject({
    code: 'OPERATION_NOT_ALLOWED',
  })
  expect(await mongo.aggregations.run(db, coll, out)).toEqual([])
  expect(await mongo.analysis.count(db, 'written')).toEqual({ value: 3, kind: 'estimate' })
})

test('a pipeline on a database needs no collection', async () => {
  const pipeline = [{ $documents: [{ a: 1 }] }]
  expect(await mongo.aggregations.runOnDatabase(db, pipeline)).toEqual([{ a: 1 }])
})

test('each stage of a pipeline can be looked at', async () => {
  const pipeline = [{ $match: { kind: 'a' } }, { $count: 'n' }, { $out: 'never' }]
  const preview = await mongo.aggregations.preview(db, coll, pipeline, { sample: 50, limit: 2 })
  expect(preview.sample).toEqual({ size: 50, after: 1, documents: 50, whole: false })
  expect(preview.stages.map((stage) => stage.stage)).toEqual(['$match', '$count', '$out'])
  expect(preview.stages[1]).toMatchObject({ documents: [{ n: 50 }], count: 1, error: null })
  expect(preview.stages[1]!.misleading).not.toBeNull()
  expect(preview.stages[2]!.skipped).toBe('it writes')
})

test('documents are counted, their values listed, their shape learned', async () => {
  const count = await mongo.analysis.count(db, coll, { filter: { kind: 'a' } })
  expect(count).toEqual({ value: 667, kind: 'exact' })
  const distinct = await mongo.analysis.distinct<string>(db, coll, 'kind')
  expect(distinct.values.sort()).toEqual(['a', 'b', 'c'])
  const schema = await mongo.analysis.schema(db, coll, { size: 300 })
  expect(schema.documents).toBe(300)
  const kind = schema.fields.find((field) => field.path === 'kind')
  expect(kind).toMatchObject({ presence: 1, cardinality: { value: 3, kind: 'exact' } })

  let last
  for await (const record of mongo.analysis.watchSchema(db, coll, { method: 'head' })) last = record
  expect(last).toMatchObject({ schema: { documents: 1000 } })
})

test('an operation is explained as one tree', async () => {
  const explained = await mongo.analysis.explain(
    db,
    coll,
    { find: { filter: { kind: 'a' } } },
    { verbosity: 'executionStats', raw: false }
  )
  expect(explained.executed).toBe(true)
  expect(explained.plan?.stage).toBe('COLLSCAN')
  expect(explained.summary.warnings.map((warning) => warning.code)).toContain('collection_scan')
})
