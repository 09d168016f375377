import { randomBytes } from 'node:crypto'
import type { RedisDatabase, Told } from 'studio-multidb'
import { collect, request, required, sharedStack } from './support/stack'

const stack = sharedStack({}, async () => {
  for (const redis of [from, to]) await collect(redis.bulk.delete({ pattern }, { confirm: true }))
})
let from: RedisDatabase
let to: RedisDatabase
let id: string
const prefix = `t${randomBytes(8).toString('hex')}:`
const pattern = `${prefix}*`

beforeAll(async () => {
  from = stack.manager.redis(stack.ids.redis)
  const connection = await stack.manager.databases().create({
    project_ref: stack.projectRef,
    identifier: 'other-database',
    database_type: 'redis',
    connection_string: `${required('TEST_REDIS_URL')}/3`,
  })
  id = connection.id
  to = stack.manager.redis(id)
})

const end = (records: Array<Told<'redis.bulk'>>) => {
  const last = records.at(-1)
  return last && 'end' in last ? last.end : undefined
}

test('keys are copied to another registered connection with progress and their times', async () => {
  const keys = Array.from({ length: 600 }, (_, i) => `${prefix}${i}`)
  await Promise.all(keys.map((key) => from.set(key, 'v', { ttl: 1000 })))
  const dry = await collect(from.bulk.copy({ pattern }, id, { dry_run: true }))
  expect(end(dry)).toMatchObject({ done: 600, skipped: 0 })
  expect(await to.exists(keys[0]!)).toBe(0)

  const copied = await collect(from.bulk.copy({ pattern }, id, { confirm: true }))
  expect(copied[0]).toMatchObject({ action: 'copy', dry_run: false })
  expect(copied.some((record) => 'progress' in record)).toBe(true)
  expect(end(copied)).toMatchObject({ matched: 600, done: 600, ended_by: 'completion' })
  expect(await to.get(keys[599]!)).toBe('v')
  expect(await to.ttl(keys[599]!)).toBeGreaterThan(900)

  await to.set(keys[0]!, 'old')
  expect(end(await collect(from.bulk.copy({ keys }, id)))).toMatchObject({ done: 0, skipped: 600 })
  expect(await to.get(keys[0]!)).toBe('old')
  await collect(from.bulk.copy({ keys: [keys[0]!] }, id, { on_conflict: 'replace' }))
  expect(await to.get(keys[0]!)).toBe('v')
})

test('a key that must not be there ends the copy with an error', async () => {
  const key = `${prefix}taken`
  await Promise.all([from.set(key, 'new'), to.set(key, 'old')])
  const copying = collect(from.bulk.copy({ keys: [key] }, id, { on_conflict: 'fail' }))
  await expect(copying).rejects.toMatchObject({ code: 'CONFLICT', outcome: 'not_applied' })
  expect(await to.get(key)).toBe('old')
})

test('what is no other Redis connection of the project is refused before anything is done', async () => {
  const { redis, mongodb } = stack.ids
  for (const [other, code] of [
    [redis, 'VALIDATION_ERROR'],
    [mongodb, 'VALIDATION_ERROR'],
    ['00000000-0000-4000-8000-000000000000', 'DB_NOT_FOUND'],
  ]) {
    await expect(
      collect(from.bulk.copy({ pattern }, other!, { confirm: true }))
    ).rejects.toMatchObject({ code })
  }
})

test('the document of the API tells of the copy', async () => {
  const { body } = await request(stack.manager, 'GET', '/multidb/openapi.json')
  const bulk = JSON.stringify(body.paths['/api/platform/redis/{scope}/keys/bulk'] ?? body.paths)
  expect(bulk).toContain('the id of the connection to copy to')
})
