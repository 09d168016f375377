// Documents that are nested as deeply as MongoDB takes them, through the addon and both of its doors.

import { randomBytes } from 'node:crypto'
import { ConflictError, ConnectionManager, type MongoDatabase, QueryError } from 'studio-multidb'
import { request, required, sendRaw } from './support/stack'

/** The levels that MongoDB stores, and those that are taken at all. */
const STORED = 180
const TAKEN = 200

const db = `deep_${randomBytes(4).toString('hex')}`
let manager: ConnectionManager
let mongo: MongoDatabase

beforeAll(() => {
  manager = new ConnectionManager({ mongodbUrl: required('TEST_MONGODB_URL'), logLevel: 'off' })
  mongo = manager.mongodb({ scope: 'default', identifier: 'env' })
})

afterAll(async () => {
  await mongo?.databases.drop(db, db).catch(() => {})
  await manager?.shutdown()
})

/** A document of so many levels, with arrays and documents in turn around the inmost. */
function nested(_id: string, levels: number, inmost: unknown = 'x') {
  let value = inmost
  for (let level = 1; level < levels; level++) value = level % 2 ? { a: value } : [value]
  return { _id, v: value }
}

const long = (value: string) => ({ $numberLong: value })
const canonical = { ejson: 'canonical' } as const

test('the typed client inserts, reads, finds and edits them, and tells of conflicts', async () => {
  const first = nested('d', STORED, long('1'))
  await mongo.documents.insert(db, 'typed', [first])
  expect(await mongo.documents.get(db, 'typed', 'd', canonical)).toEqual(first)
  const page = await mongo.documents.find(db, 'typed', { ...canonical, filter: { _id: 'd' } })
  expect(page.documents).toEqual([first])

  const edited = nested('d', STORED, long('2'))
  const edit = { replacement: edited, if_unchanged: first, ...canonical }
  const { document } = await mongo.documents.update(db, 'typed', 'd', edit)
  expect(document).toEqual(edited)
  const conflict = mongo.documents.update(db, 'typed', 'd', edit)
  await expect(conflict).rejects.toBeInstanceOf(ConflictError)
  await expect(conflict).rejects.toMatchObject({ details: { current: edited } })

  const replaced = nested('d', STORED, long('3'))
  const replaceOne = { filter: { _id: 'd' }, replacement: replaced }
  const insertOne = { document: nested('e', STORED, long('4')) }
  await mongo.documents.bulkWrite(db, 'typed', [{ replaceOne }, { insertOne }])
  const all = []
  for await (const found of mongo.documents.each(db, 'typed', canonical)) all.push(found)
  expect(all).toEqual([replaced, insertOne.document])
  const streamed = []
  for await (const found of mongo.aggregations.stream(db, 'typed', [], canonical)) {
    streamed.push(found)
  }
  expect(streamed).toEqual(all)
})

test('the HTTP door does the same', async () => {
  const documents = `/mongodb/default/databases/${db}/collections/http/documents`
  const document = nested('d', STORED, long('1'))
  expect(await request(manager, 'POST', documents, { document })).toMatchObject({ status: 201 })
  const read = await request(manager, 'GET', `${documents}/d?ejson=canonical`)
  expect(read.body.data).toEqual(document)
  const update = { $set: { v: nested('', STORED, long('2')).v } }
  const updated = await request(manager, 'PUT', `${documents}/d?ejson=canonical`, { update })
  expect(updated.body.data.document).toEqual({ _id: 'd', ...update.$set })
})

test.each(['ndjson', 'json', 'csv'] as const)('%s files carry them', async (format) => {
  const documents = [nested('a', STORED, long('1')), nested('b', STORED, long('2'))]
  await mongo.documents.insert(db, `out_${format}`, documents)
  const file: Buffer[] = []
  for await (const piece of await mongo.transfer.export(db, `out_${format}`, { format })) {
    file.push(piece)
  }
  let last
  const body = Buffer.concat(file)
  for await (const record of mongo.transfer.import(db, `in_${format}`, body, { format })) {
    last = record
  }
  expect(last).toMatchObject({ end: { inserted: 2, failed: 0 } })
  const back = await mongo.documents.find(db, `in_${format}`, { ...canonical, sort: { _id: 1 } })
  expect(back.documents).toEqual(documents)
})

test('what breaks a new validator is told whole, however deep it is', async () => {
  const document = nested('d', STORED)
  await mongo.documents.insert(db, 'rules', [document])
  const rules = { $jsonSchema: { required: ['name'] } }
  const set = mongo.collections.modify(db, 'rules', { validator: rules }, { ifValid: true })
  await expect(set).rejects.toMatchObject({ code: 'CONFLICT', details: { document } })
  const { documents } = await mongo.collections.validate(db, 'rules', rules)
  expect(documents).toEqual([document])
})

test('what is deeper than any server takes is refused with a reason, and nothing is sent', async () => {
  const message = expect.stringContaining(`nested too deeply; at most ${TAKEN} levels`)
  for (const levels of [TAKEN + 1, 3000]) {
    const inserted = mongo.documents.insert(db, 'refused', [nested('d', levels)])
    await expect(inserted).rejects.toBeInstanceOf(QueryError)
    await expect(inserted).rejects.toMatchObject({ message, outcome: 'not_applied' })
    const found = mongo.documents.find(db, 'refused', { filter: nested('d', levels) })
    await expect(found).rejects.toMatchObject({ message })
    const lines = `${JSON.stringify(nested('d', levels))}\n{"_id":"fine"}\n`
    const records = []
    for await (const record of mongo.transfer.import(db, 'refused', lines, {
      on_conflict: 'skip',
    })) {
      records.push(record)
    }
    expect(records).toContainEqual({
      problem: expect.objectContaining({ number: 1, message, outcome: 'not_applied' }),
    })
  }
  expect(await mongo.documents.find(db, 'refused')).toMatchObject({ documents: [{ _id: 'fine' }] })

  // Deeper than JavaScript itself could write it.
  const deep = `{"document":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`
  const documents = `/mongodb/default/databases/${db}/collections/refused/documents`
  const answer = await sendRaw(manager, 'POST', documents, deep)
  expect(answer).toMatchObject({ status: 400, body: { error: { code: 'VALIDATION_ERROR' } } })
})

/** Between what is stored and what is taken, the server has its say. */
test('what a server does not store is its refusal', async () => {
  const told = await mongo.documents.insert(db, 'between', [nested('d', TAKEN)]).then(
    () => 'stored',
    (error: unknown) => error
  )
  if (told === 'stored') return
  expect(told).toBeInstanceOf(QueryError)
  expect(told).toMatchObject({ outcome: 'not_applied' })
})
