import { randomBytes } from 'node:crypto'
import { createApiHandler } from 'studio-multidb/next'
import type { RedisDatabase, Told } from 'studio-multidb'
import { collect, sharedStack, startService } from './support/stack'

const stack = sharedStack()
let redis: RedisDatabase

beforeAll(() => {
  redis = stack.manager.redis(stack.ids.redis)
})

const newPrefix = () => `t${randomBytes(8).toString('hex')}:`

async function text(chunks: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await collect(chunks)).toString()
}

const last = <T>(records: T[]) => records[records.length - 1]!

async function fill(prefix: string, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, i) => redis.set(`${prefix}${i}`, 'v')))
}

test('many keys are deleted, expired and persisted with progress', async () => {
  const prefix = newPrefix()
  await fill(prefix, 600)
  const pattern = `${prefix}*`
  const expired = await collect(redis.bulk.expire({ pattern }, 1000, { confirm: true }))
  expect(last(expired)).toMatchObject({ end: { matched: 600, done: 600, ended_by: 'completion' } })
  expect(await redis.ttl(`${prefix}1`)).toBeGreaterThan(0)
  await collect(redis.bulk.persist({ keys: [`${prefix}1`] }))
  expect(await redis.ttl(`${prefix}1`)).toBe(-1)
  const dry = await collect(redis.bulk.delete({ pattern }, { dry_run: true }))
  expect(dry.filter((record) => 'preview' in record)).toHaveLength(100)
  expect(last(dry)).toMatchObject({ end: { done: 600 } })
  const deleted: Array<Told<'redis.bulk'>> = await collect(
    redis.bulk.delete({ pattern }, { confirm: true })
  )
  expect(deleted[0]).toMatchObject({ action: 'delete', dry_run: false })
  expect(last(deleted)).toMatchObject({ end: { done: 600, failed: 0, unknown: 0 } })
  expect(await redis.exists(`${prefix}1`)).toBe(0)
})

test('everything is deleted only where that is confirmed', async () => {
  await expect(collect(redis.bulk.delete({ pattern: '*' }))).rejects.toMatchObject({
    code: 'OPERATION_NOT_ALLOWED',
  })
})

test('an export is imported, and says so line by line', async () => {
  const prefix = newPrefix()
  await fill(prefix, 20)
  const binary = { $binary: { base64: '/wA=' } }
  await redis.keys.set(`${prefix}list`, { type: 'list', value: ['a', binary] })
  // As where a caller passes on what it may not have.
  const options: object = { pattern: `${prefix}*`, keys: undefined }
  const lines = await text(redis.export(options))
  expect(
    lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .pop().end.keys
  ).toBe(21)
  await collect(redis.bulk.delete({ pattern: `${prefix}*` }, { confirm: true }))

  const dry = await collect(redis.import(lines, { dry_run: true }))
  expect(last(dry)).toMatchObject({ end: { done: 21, checksum: 'right' } })
  expect(await redis.exists(`${prefix}list`)).toBe(0)
  const pieces = lines.match(/[^]{1,50}/g)!
  const imported: Array<Told<'redis.import'>> = await collect(redis.import(pieces))
  expect(last(imported)).toMatchObject({ end: { done: 21, failed: 0, checksum: 'right' } })
  expect(await redis.keys.get(`${prefix}list`)).toMatchObject({ values: ['a', binary] })

  const keys = [`${prefix}list`, `${prefix}absent`]
  expect(await text(redis.export({ keys }))).toContain('"keys":1')
  await collect(redis.bulk.delete({ pattern: `${prefix}*` }, { confirm: true }))
})

test('a file that was changed is told as such', async () => {
  const prefix = newPrefix()
  await fill(prefix, 2)
  const lines = await text(redis.export({ pattern: `${prefix}*` }))
  const seen: Array<Told<'redis.import'>> = []
  const importing = (async () => {
    for await (const record of redis.import(lines.replace('"v"', '"w"'))) seen.push(record)
  })()
  await expect(importing).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  expect(last(seen)).toMatchObject({ end: { checksum: 'wrong', ended_by: 'failure' } })
  await collect(redis.bulk.delete({ pattern: `${prefix}*` }, { confirm: true }))
})

describe('over HTTP', () => {
  let studio: Awaited<ReturnType<typeof startService>>
  let base: string

  beforeAll(async () => {
    studio = await startService(createApiHandler(stack.manager))
    base = `${studio.url}/api/platform/redis/${stack.ids.redis}`
  })

  afterAll(() => studio?.close())

  test('an export is a file, and the body of an import', async () => {
    const prefix = newPrefix()
    await fill(prefix, 5)
    const exported = await fetch(`${base}/export?pattern=${prefix}*`)
    expect(exported.headers.get('content-type')).toMatch('application/x-ndjson')
    expect(exported.headers.get('content-disposition')).toMatch('redis-main-redis.ndjson')
    const body = await exported.text()
    const headers = { 'content-type': 'application/x-ndjson' }
    const target = `${base}/import?on_conflict=replace`
    const imported = await fetch(target, { method: 'POST', headers, body })
    const records = (await imported.text()).trim().split('\n')
    expect(JSON.parse(last(records)).end).toMatchObject({ done: 5, checksum: 'right' })
    await collect(redis.bulk.delete({ pattern: `${prefix}*` }, { confirm: true }))
  })
})
