import { executeRedisCommand, PermissionError, RedisHelpers } from 'studio-multidb'
import { required, sharedStack } from './support/stack'

const stack = sharedStack()
const prefix = `server_${process.pid}_${Date.now().toString(36)}`

beforeAll(() => {
  process.env.REDIS_URL = required('TEST_REDIS_URL')
})

const redis = () => stack.manager.redis(stack.ids.redis)

describe('the command console', () => {
  test('takes words or a line, and replies with the kinds of the server', async () => {
    const key = `${prefix}:h`
    const bytes = { $binary: { base64: '/w==' } }
    const set = await redis().command(['HSET', key, 'n', 2n ** 62n, bytes, 1])
    expect(set).toMatchObject({ command: 'HSET', access: 'write', reply: 2 })
    const { reply } = await redis().command(`HGETALL "${key}"`)
    expect(reply).toEqual({
      $map: [
        ['n', '4611686018427387904'],
        [bytes, '1'],
      ],
    })
    const { reply: number } = await redis().command(['HINCRBY', key, 'n', 1])
    expect(number).toEqual({ $numberLong: '4611686018427387905' })
    await redis().command(['UNLINK', key])
  })

  test('wants what affects others confirmed, and offers some commands to nobody', async () => {
    const unconfirmed = redis().command('CONFIG GET maxmemory', { confirm: false })
    await expect(unconfirmed).rejects.toBeInstanceOf(PermissionError)
    const { reply } = await redis().command('CONFIG GET maxmemory', { confirm: true })
    expect(reply).toEqual({ $map: [['maxmemory', '0']] })
    const refused = redis().command('SHUTDOWN NOSAVE', { confirm: true })
    await expect(refused).rejects.toMatchObject({
      code: 'OPERATION_NOT_ALLOWED',
      outcome: 'not_applied',
    })
  })

  test('says where a line breaks off', async () => {
    const broken = redis().command('SET key "value')
    await expect(broken).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { position: 8 },
    })
  })
})

describe('the server', () => {
  test('tells of itself, its clients, its settings and its slow commands', async () => {
    const { server } = redis()
    const info = await server.info()
    expect(info.server?.version).toMatch(/^\d+\./)
    expect(info.persistence?.aof_enabled).toBe(false)
    expect(info.replication).toMatchObject({ role: 'master', replicas: [] })
    expect(info.commands?.[0]?.calls).toBeGreaterThan(0)
    const databases = await server.databases()
    expect(databases.current.db).toBe(0)
    const page = await server.clients({ limit: 1 })
    expect(page.clients).toHaveLength(1)
    expect(page.clients?.[0]?.addr).toMatch(/^127\.0\.0\.1:/)
    const config = await server.config({ pattern: 'maxmemory' })
    expect(config.settings).toEqual({ maxmemory: '0' })
    const log = await server.slowLog({ limit: 5 })
    expect(log.threshold_us).toEqual(expect.any(Number))
  })

  test('measures what happens between two looks', async () => {
    let looks = 0
    for await (const { interval, at } of redis().server.watchStats(0.25)) {
      expect(at).toBeGreaterThan(Date.now() - 60_000)
      if (looks++ === 0) expect(interval).toBeNull()
      else {
        expect(interval?.seconds).toBeGreaterThan(0.1)
        expect(interval?.commands).toBeGreaterThan(0)
        break
      }
    }
  })

  test('says what takes its memory, at once or while it is measured', async () => {
    const prefix = `${process.pid}_memory:`
    await Promise.all(
      ['a', 'b', 'c'].map((name) => redis().set(`${prefix}${name}`, 'x'.repeat(99)))
    )
    const report = await redis().server.memory({ prefix })
    expect(report).toMatchObject({ complete: true, ended_by: 'keyspace', warnings: [] })
    expect(report.prefixes).toMatchObject([{ prefix, keys: 3 }])
    expect(report.biggest).toHaveLength(3)
    expect(report.hot_keys.available).toBe(false)
    let last
    for await (const record of redis().server.watchMemory({ prefix })) last = record
    expect(last).toMatchObject({ done: true, all: { keys: 3 } })
    for (const name of ['a', 'b', 'c']) await redis().del(`${prefix}${name}`)
  })
})

describe('the names of the documents', () => {
  test('run any command that the table offers, and reply as older drivers do', async () => {
    const key = `${prefix}:names`
    const run = (command: string, ...args: unknown[]) => executeRedisCommand({ command, args })
    expect(await run('set', key, 5)).toEqual({ data: 'OK' })
    expect(await run('MGET', key, `${key}:none`)).toEqual({ data: ['5', null] })
    expect(await run('zadd', `${key}:z`, 1.5, 'a')).toEqual({ data: 1 })
    expect(await run('ZSCORE', `${key}:z`, 'a')).toEqual({ data: '1.5' })
    expect(await run('OBJECT', 'ENCODING', key)).toEqual({ data: 'int' })
    expect(await run('SMEMBERS', `${key}:none`)).toEqual({ data: [] })
    expect((await run('KEYS', `${prefix}:n*`)).data).toHaveLength(2)
    expect((await run('INFO', 'server')).data).toContain('redis_version')
    expect((await RedisHelpers.info('memory')).data).toMatch(/^# Memory\r\nused_memory:/)
    expect(await run('DEL', key, `${key}:z`)).toEqual({ data: 2 })
    for (const command of ['FLUSHALL', 'SHUTDOWN', 'SUBSCRIBE', 'NOPE']) {
      expect((await run(command, 'x')).error).toBeInstanceOf(PermissionError)
    }
    const confirmed = await executeRedisCommand({
      command: 'CONFIG',
      args: ['GET', 'maxmemory'],
      confirm: true,
    })
    expect(confirmed).toEqual({ data: { maxmemory: '0' } })
  })
})
