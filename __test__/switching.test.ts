// The guide for Studios that switch: its examples compile against the package's types, and run.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ts from 'typescript'
import { problemsOf } from './support/compiling'
import { root } from './support/processes'
import { startStack, type Stack } from './support/stack'

const guide = readFileSync(join(root, 'docs/switching.md'), 'utf8')
const blocks = [...guide.matchAll(/^```ts\n([^]*?)^```/gm)].map((found) => found[1]!)
const [setUp, ...examples] = blocks as [string, ...string[]]

test('its examples compile', () => {
  const text = `${setUp}\nexport async function guide() {\n${examples.join('\n')}}\n`
  expect(problemsOf(text)).toEqual([])
  expect(examples.length).toBeGreaterThan(2)
}, 120_000)

test('every method of a Redis wrapper is in it', () => {
  const methods = `ping get set del exists expire ttl incr incrby decr decrby mget mset scan keys hset hget hgetall
    hdel hexists lpush rpush lpop rpop lrange llen sadd srem smembers sismember zadd zrangebyscore zrange publish
    info config dbsize flushall flushdb healthCheck close`
  const missing = methods
    .split(/\s+/)
    .filter((name) => !new RegExp(`\\b${name}\\b`, 'i').test(guide))
  expect(missing).toEqual([])
})

describe('its examples run', () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.close())

  test.each(examples.map((code, at) => [code.split('\n')[0]!, at]))('%s', async (_, at) => {
    const { manager, projectRef } = stack
    const { outputText } = ts.transpileModule(examples[at as number]!, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
    })
    const code = outputText
      .replace(/'default'/g, JSON.stringify(projectRef))
      .replace(/export \{\};?/, '')
    const AsyncFunction = (async () => {}).constructor as new (
      ...args: string[]
    ) => (...args: unknown[]) => Promise<void>
    const said: unknown[] = []
    const run = new AsyncFunction('manager', 'cache', 'mongo', 'console', code)
    const console = { log: (...what: unknown[]) => said.push(what) }
    await run(manager, manager.redis(projectRef), manager.mongodb(projectRef), console)
    expect(said.length).toBeGreaterThan(0)
  })
})

describe('a plain reply', () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack()
  })
  afterAll(() => stack?.close())

  test.each<[string[], unknown]>([
    [['SET', 'plain:a', 'ü'], 'OK'],
    [['GET', 'plain:a'], 'ü'],
    [['GET', 'plain:none'], null],
    [['SET', 'plain:n', '4611686018427387904'], 'OK'],
    [['INCR', 'plain:n'], 4611686018427387905n],
    [['HSET', 'plain:h', '__proto__', 'x', 'f', '1'], expect.any(Number)],
    [['HGETALL', 'plain:h'], JSON.parse('{"__proto__":"x","f":"1"}')],
    [['ZADD', 'plain:z', '1.5', 'a', 'inf', 'b', '-inf', 'c'], expect.any(Number)],
    [['ZSCORE', 'plain:z', 'a'], 1.5],
    [['ZSCORE', 'plain:z', 'b'], Infinity],
    [['ZSCORE', 'plain:z', 'c'], -Infinity],
    [
      ['MGET', 'plain:a', 'plain:none'],
      ['ü', null],
    ],
    [['CONFIG', 'GET', 'maxmemory'], { maxmemory: '0' }],
  ])('of %j is %j', async (words, expected) => {
    const { manager, projectRef } = stack
    expect(await manager.redis(projectRef).command(words, { plain: true })).toEqual(expected)
  })

  test('of bytes that are no text is a buffer', async () => {
    const cache = stack.manager.redis(stack.projectRef)
    await cache.set('plain:b', { $binary: { base64: '/wA=' } })
    const bytes = await cache.command<Buffer>(['GET', 'plain:b'], { plain: true })
    expect([Buffer.isBuffer(bytes), [...bytes]]).toEqual([true, [255, 0]])
  })

  test('of a failure is a failure', async () => {
    const cache = stack.manager.redis(stack.projectRef)
    await cache.command(['SET', 'plain:s', 'x'])
    await expect(cache.command(['LPUSH', 'plain:s', 'a'], { plain: true })).rejects.toMatchObject({
      code: 'WRONG_TYPE',
    })
  })
})

test('code of the server’s own means what it says; what a person did not confirm is not', async () => {
  const stack = await startStack()
  try {
    const cache = stack.manager.redis(stack.projectRef)
    expect((await cache.command('CONFIG GET maxmemory')).access).toBe('admin')
    for (const confirm of [false, undefined]) {
      const refused = cache.command('CONFIG GET maxmemory', { confirm })
      await expect(refused).rejects.toMatchObject({ code: 'OPERATION_NOT_ALLOWED' })
    }
    const { status } = await stack.api('POST', `/redis/${stack.projectRef}/command`, {
      line: 'CONFIG GET maxmemory',
    })
    expect(status).toBe(403)
  } finally {
    await stack.close()
  }
})

test('figures of the pools are typed', async () => {
  const stack = await startStack()
  try {
    await stack.manager.redis(stack.ids.redis).get('x')
    const pools = await stack.manager.pools()
    const pool = pools.find(({ connection_id }) => connection_id === stack.ids.redis)
    expect(pool).toMatchObject({ state: 'ready', waiting: 0, circuit_open: false })
    expect(pool!.open).toBeGreaterThan(0)
  } finally {
    await stack.close()
  }
})
