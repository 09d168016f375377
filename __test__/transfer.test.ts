import { QueryError, type Told } from 'studio-multidb'
import { createApiHandler } from 'studio-multidb/next'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { collect, released, sharedStack, startService } from './support/stack'

const stack = sharedStack()

const db = 'studio_multidb_files'
const mongo = () => stack.manager.mongodb(stack.ids.mongodb)

const counts = (records: Array<Told<'mongodb.documents.import'>>) => {
  const last = records.at(-1)
  if (!last || !('end' in last)) throw new Error(JSON.stringify(records))
  return last.end
}

test('a file is imported from a stream and exported into one', async () => {
  const lines = Array.from(
    { length: 3000 },
    (_, n) => `{"_id":${n},"big":{"$numberLong":"9007199254740993"}}\n`
  )
  const coll = `stream_${Date.now()}`
  const imported = await collect(mongo().transfer.import(db, coll, Readable.from(lines)))
  expect(counts(imported)).toMatchObject({ read: 3000, inserted: 3000, failed: 0 })
  const file = Buffer.concat(await collect(await mongo().transfer.export(db, coll)))
  const documents = file.toString().trimEnd().split('\n')
  expect(documents).toHaveLength(3000)
  expect(documents[0]).toContain('"$numberLong":"9007199254740993"')
})

test('what is wrong with the options is thrown before anything is read', async () => {
  const reading = collect(mongo().transfer.import(db, 'wrong', '{}', { delimiter: ';' }))
  await expect(reading).rejects.toThrow(QueryError)
})

test('leaving an export early ends it on the server', async () => {
  const coll = `left_${Date.now()}`
  const text = Array.from({ length: 20_000 }, (_, n) => `{"_id":${n},"text":"${'x'.repeat(200)}"}`)
  await collect(mongo().transfer.import(db, coll, text.join('\n')))
  for await (const _ of await mongo().transfer.export(db, coll)) break
  await released(stack, stack.ids.mongodb)
})

test('an upload that the client gives up is told as cut off, and its beginning is there', async () => {
  const studio = await startService(createApiHandler(stack.manager))
  const coll = `gone_${Date.now()}`
  const base = `/api/platform/mongodb/${stack.ids.mongodb}/databases/${db}/collections/${coll}`
  const headers = { 'content-type': 'application/x-ndjson' }
  const request = httpRequest(`${studio.url}${base}/import`, { method: 'POST', headers })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject)
  })
  answered.catch(() => {})
  // Enough for a batch to be written while the body is still on its way.
  for (let n = 0; n < 2500; n++) request.write(`{"_id":${n}}\n`)
  const response = await answered
  for await (const chunk of response) {
    if (String(chunk).includes('progress')) break
  }
  request.destroy()
  const count = async () => {
    const path = `${base.replace('/api/platform', '')}/documents?limit=1`
    return (await stack.api('GET', path)).body.data.total as number
  }
  expect(await count()).toBeGreaterThanOrEqual(1000)
  await studio.close()
})
