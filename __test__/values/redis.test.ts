import { sendRaw, sharedStack } from '../support/stack'

const stack = sharedStack({ rateLimit: 'off' })
const prefix = `values:${process.pid}:${Date.now().toString(36)}:`

const base64url = (bytes: Buffer) => bytes.toString('base64url')
const binary = (...bytes: number[]) => ({
  $binary: { base64: Buffer.from(bytes).toString('base64') },
})
const redis = (method: string, path: string, body?: unknown) =>
  stack.api(method, `/redis/default${path}`, body)
const key = (name: string) => encodeURIComponent(prefix + name)
const raw = (method: string, path: string, body: string | Buffer) =>
  sendRaw(stack.manager, method, path, body)

describe('Redis keys', () => {
  test.each([
    [
      'bytes that are not UTF-8',
      Buffer.from([0xff, 0x00, 0xc3, 0x28]),
      binary(0xff, 0, 0xc3, 0x28),
    ],
    ['the empty key', Buffer.alloc(0), ''],
    ['a dot', Buffer.from('.'), '.'],
    ['two dots', Buffer.from('..'), '..'],
    ['a slash and a NUL', Buffer.from('a/b\0c'), 'a/b\0c'],
  ])('%s is written, read and deleted as it is', async (_name, bytes, shown) => {
    // No bytes need a segment as well: an empty one may be what is left of another.
    const path = `/keys/${base64url(bytes) || '='}?encoding=base64url`
    expect((await redis('POST', path, { value: 'held' })).status).toBeLessThan(300)
    const read = await redis('GET', path)
    expect(read.body.data).toMatchObject({ key: shown, type: 'string', value: 'held' })
    expect((await redis('DELETE', path)).body.data).toMatchObject({ deleted: 1 })
    expect((await redis('GET', path)).status).toBe(404)
  })

  test('slashes, percent signs, plus signs and emoji in a path segment are part of the key', async () => {
    for (const name of ['a/b//c', '100%', 'a+b', 'ключ 🔑', '%2F', 'a?b#c']) {
      expect((await redis('POST', `/keys/${key(name)}`, { value: name })).status).toBeLessThan(300)
      const { body } = await redis('GET', `/keys/${key(name)}`)
      expect([body.data.key, body.data.value]).toEqual([prefix + name, name])
    }
  })

  test('a value that is not UTF-8 comes back byte for byte, and text never becomes lossy', async () => {
    const value = binary(0x80, 0x00, 0xff, 0xed, 0xa0, 0x80)
    await redis('POST', `/keys/${key('bytes')}`, { value })
    expect((await redis('GET', `/keys/${key('bytes')}`)).body.data.value).toEqual(value)
    const client = stack.manager.redis('default')
    expect(await client.get(`${prefix}bytes`)).toEqual(value)
  })

  test('a hash field named __proto__ is a field like another', async () => {
    const body = `{"type":"hash","value":{"__proto__":"own","constructor":"c","":"empty"}}`
    const written = await raw('POST', `/redis/default/keys/${key('proto')}`, body)
    expect(written.status).toBeLessThan(300)
    const answer = await stack.manager.handle({
      method: 'GET',
      path: `/api/platform/redis/default/keys/${key('proto')}`,
    })
    const text = answer.body.toString()
    expect(text).toContain('"__proto__"')
    expect(text).toContain('own')
    const all = await stack.manager.redis('default').hgetall(`${prefix}proto`)
    expect(Object.getOwnPropertyDescriptor(all, '__proto__')?.value).toBe('own')
    expect(Object.getPrototypeOf(all)).toBe(Object.prototype)
  })

  test('an integer beyond 2^53 keeps its digits', async () => {
    const client = stack.manager.redis('default')
    await client.set(`${prefix}big`, '9007199254740992')
    expect(await client.incrBy(`${prefix}big`)).toEqual({ $numberLong: '9007199254740993' })
    await client.set(`${prefix}small`, '41')
    expect(await client.incrBy(`${prefix}small`)).toBe(42)
  })

  test('a sorted set shows its scores as text, infinities too', async () => {
    const value = [
      { member: 'a', score: '-inf' },
      { member: 'b', score: 0.5 },
      { member: 'c', score: 'inf' },
    ]
    const written = await redis('POST', `/keys/${key('scores')}`, { type: 'zset', value })
    expect(written.status).toBeLessThan(300)
    const { body } = await redis('GET', `/keys/${key('scores')}`)
    const text = JSON.stringify(body.data)
    for (const score of ['"-inf"', '"0.5"', '"inf"']) expect(text).toContain(score)
  })

  test('64 MiB are read in pages, and refused as a whole with a way out', async () => {
    const size = 64 * 1024 * 1024
    const client = stack.manager.redis('default')
    await stack.api('POST', '/redis/default/batch', {
      commands: [['SETRANGE', `${prefix}large`, String(size - 1), 'z']],
    })
    const whole = await redis('GET', `/keys/${key('large')}?count=${size}`)
    expect(whole.status).toBe(413)
    expect(whole.body.error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', retryable: false })
    const unread = await client.get(`${prefix}large`).then(
      () => 'read',
      (error: { code: string }) => error.code
    )
    expect(['PAYLOAD_TOO_LARGE', 'read']).toContain(unread)
    const last = await redis('GET', `/keys/${key('large')}?offset=${size - 4}&count=4`)
    expect(last.body.data.value).toBe('\0\0\0z')
    const first = await redis('GET', `/keys/${key('large')}?count=${1024 * 1024}`)
    expect(first.status).toBe(200)
    expect(first.body.data.value).toHaveLength(1024 * 1024)
    expect((await redis('DELETE', `/keys/${key('large')}`)).status).toBe(200)
  }, 60_000)

  test('a page of 100,000 keys is refused with the limit', async () => {
    const { status, body } = await redis('GET', '/keys?count=100000')
    expect(status).toBe(413)
    expect(body.error.code).toBe('PAYLOAD_TOO_LARGE')
    expect(body.message).toMatch(/1000/)
    expect(body.message).toMatch(/cursor/)
  })

  test.each([
    'count=-1',
    'count=NaN',
    'count=1e3',
    'count=99999999999999999999999',
    'count=0',
    'cursor=%00',
    'cursor=-1',
    'cursor=18446744073709551616',
    'with=password',
    'type=hash%0d%0aFLUSHALL',
    'unknown=1',
    'count=1&count=2',
    'pattern=%ff',
    '__proto__=1',
  ])('the hostile query %s is a clean 400', async (hostile) => {
    const { status, body } = await redis('GET', `/keys?${hostile}`)
    expect([status, body.error.code]).toEqual([400, 'VALIDATION_ERROR'])
  })

  test('commands that leave the keyspace or the session are refused', async () => {
    for (const command of [
      ['FLUSHALL'],
      ['SELECT', '1'],
      ['CONFIG', 'SET', 'a', 'b'],
      ['SHUTDOWN'],
      ['EVAL', '1', '0'],
      ['NOSUCH'],
      ['get\r\nFLUSHALL'],
    ]) {
      const { body } = await redis('POST', '/batch', { commands: [command] })
      const failure = body.error ?? body.data[0].error
      expect(failure.code).toMatch(/OPERATION_NOT_ALLOWED|PERMISSION_DENIED|VALIDATION_ERROR/)
    }
  })
})
