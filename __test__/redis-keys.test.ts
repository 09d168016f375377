import {
  ConflictError,
  NotFoundError,
  type RedisDatabase,
  type Input,
  type RedisText,
} from 'studio-multidb'
import { sharedStack } from './support/stack'

const stack = sharedStack()
let redis: RedisDatabase

beforeAll(() => {
  redis = stack.manager.redis(stack.ids.redis)
})

let count = 0
const newKey = () => `keys-${process.pid}-${Date.now()}-${++count}:`

test('a tree grows record by record, and its last record says whether all was seen', async () => {
  const prefix = newKey()
  for (const name of ['a:1', 'a:2', 'b:1', 'c']) await redis.set(`${prefix}${name}`, 'v')
  const counts = new Map<RedisText, number>()
  let last
  for await (const record of redis.keys.watchTree({ prefix })) {
    for (const { prefix, keys } of record.namespaces) counts.set(prefix, keys)
    last = record
  }
  expect(Object.fromEntries(counts)).toEqual({ [`${prefix}a:`]: 2, [`${prefix}b:`]: 1 })
  expect(last).toMatchObject({ done: true, complete: true, leaf_keys: 1 })
  const once = await redis.keys.tree({ prefix, max_examined: 1_000_000 })
  expect(once).toMatchObject({ complete: true, keys: [`${prefix}c`] })
})

test('an edit keeps the TTL, tells a conflict with what is there, and revives nothing', async () => {
  const key = newKey()
  await redis.keys.set(key, { type: 'hash', value: { field: 'old' }, ttl: 1000 })
  const edit: Input<'redis.keys.edit'>['edit'] = {
    hash: { set: { fields: [['field', 'new']], if_unchanged: [['field', 'old']] } },
  }
  const done = await redis.keys.edit(key, edit)
  expect(done.result).toEqual({ added: 0 })
  expect(done.ttl).toBeGreaterThan(900)
  const again = redis.keys.edit(key, edit)
  await expect(again).rejects.toMatchObject({ details: { current: 'new' } })
  await expect(again).rejects.toBeInstanceOf(ConflictError)
  await redis.keys.delete(key)
  const late = redis.keys.edit(key, { hash: { set: { fields: [['field', 'new']] } } })
  await expect(late).rejects.toBeInstanceOf(NotFoundError)
  expect(await redis.exists(key)).toBe(0)
})

test('bytes go in and out as they are, and a value is downloaded whole', async () => {
  const key: RedisText = {
    $binary: { base64: Buffer.from(`${newKey()}\xff`, 'latin1').toString('base64') },
  }
  const bytes = Buffer.alloc(3_000_000, 0xfe)
  await redis.keys.set(key, { value: { $binary: { base64: bytes.toString('base64') } } })
  const chunks: Buffer[] = []
  for await (const chunk of await redis.keys.download(key)) chunks.push(chunk)
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
  const part = await redis.keys.get(key, { offset: 0, count: 2 })
  expect(part).toMatchObject({ value: { $binary: { base64: '/v4=' } } })
  await redis.keys.delete(key)
})

test('keys are renamed, copied, and live as long as they are told', async () => {
  const [key, other] = [newKey(), newKey()]
  await redis.keys.set(key, { type: 'zset', value: [['m', 'inf']] })
  await redis.keys.copy(key, other)
  await expect(redis.keys.rename(key, other)).rejects.toBeInstanceOf(ConflictError)
  expect(await redis.keys.rename(key, other, { nx: false })).toMatchObject({ renamed_from: key })
  const { ttl_ms } = await redis.keys.expire(other, { ttl_ms: 50_000 })
  expect(ttl_ms).toBeGreaterThan(40_000)
  expect(await redis.keys.expire(other, { ttl: -1 })).toMatchObject({ ttl: -1 })
  const page = await redis.keys.get(other, { min: 5, reverse: true })
  expect(page).toMatchObject({ matched: 1, members: [{ member: 'm', score: 'inf' }] })
})

test('groups of a stream, their consumers and pending entries are read', async () => {
  const key = newKey()
  await redis.keys.set(key, { type: 'stream', value: [{ id: '1-1', fields: { f: 'v' } }] })
  await redis.keys.edit(key, { stream: { group_create: { group: 'g', id: '0' } } })
  const { groups } = await redis.keys.groups(key)
  expect(groups).toMatchObject([{ name: 'g', pending: 0 }])
  expect((await redis.keys.consumers(key, 'g')).consumers).toEqual([])
  expect(await redis.keys.pending(key, 'g')).toMatchObject({ entries: [], cursor: '0' })
})
