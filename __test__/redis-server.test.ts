import { executeRedisCommand, PermissionError, RedisHelpers } from 'studio-multidb'
import { required, type Stack, startStack } from './support/stack'

let stack: Stack
const prefix = `server_${process.pid}_${Date.now().toString(36)}`

beforeAll(async () => {
  stack = await startStack()
  process.env.REDIS_URL = required('TEST_REDIS_URL')
}, 60_000)

afterAll(async () => {
  await stack?.close()
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
    await expect(redis().command('CONFIG GET maxmemory')).rejects.toBeInstanceOf(PermissionError)
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
