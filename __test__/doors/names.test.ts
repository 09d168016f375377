// A name arrives exactly as it was sent, or is refused; through each door, with whatever bytes.

import { randomBytes, randomUUID } from 'node:crypto'
import { ConnectionManager, type RedisArgument } from 'studio-multidb'
import { requestBytes, sendBytes } from '../support/raw'
import { required } from '../support/stack'
import { doors, openDoors } from './servers'

let manager: ConnectionManager
let open: Awaited<ReturnType<typeof openDoors>>
/** Others use the server as well: this is a database of its own. */
const database = `${required('TEST_REDIS_URL').replace(/\/\d*$/, '')}/15`
const base = '/api/platform/redis/default'
const host = { host: 'localhost' }
const json = { ...host, 'content-type': 'application/json' }

beforeAll(async () => {
  manager = new ConnectionManager({
    redisUrl: database,
    rateLimit: 'off',
    logLevel: 'off',
  })
  open = await openDoors(manager)
})

afterAll(async () => {
  open?.close()
  await flush()
  await manager?.shutdown(1000)
})

const binary = (bytes: Buffer) => ({ $binary: { base64: bytes.toString('base64') } })
/** A key's bytes, as an answer has them. */
const bytesOf = (key: string | { $binary: { base64: string } }) =>
  typeof key === 'string' ? Buffer.from(key) : Buffer.from(key.$binary.base64, 'base64')

/** Every byte encoded, only what must be, and as little as a careless client does. */
const spellings: Array<[string, (name: Buffer) => string]> = [
  ['encoded', (name) => [...name].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('')],
  [
    'encoded where needed',
    (name) =>
      [...name]
        .map((b) => {
          const char = String.fromCharCode(b)
          return /[A-Za-z0-9._~!$&'()*+,;=:@-]/.test(char)
            ? char
            : `%${b.toString(16).padStart(2, '0')}`
        })
        .join(''),
  ],
  // What ends a request line, a path or a request can't be meant to stand in one.
  ['as it is', (name) => name.toString('latin1').replace(/[\r\n ?/%]/g, '_')],
]

/** What parsers, proxies and people stumble over, and bytes by chance. */
const odd = [
  '',
  '.',
  '..',
  '...',
  './a',
  '../a',
  'a/..',
  'a/.',
  '/',
  '//',
  '\\',
  '..\\a',
  'a#b',
  'a?b',
  '%',
  '%2e',
  '%2e%2e',
  '%252e',
  '%zz',
  '+',
  ' ',
  'a b',
  '\t',
  '\n',
  '\0',
  'ž',
  '\ufffd',
  'download',
  'bulk',
  '=',
  '~',
  ';',
  'a;b=c',
  '&',
  '"',
  '<',
  '|',
  '^',
  '`',
  '{}',
  '[x]',
  '*',
].map((text) => Buffer.from(text))
const chance = Array.from({ length: 40 }, (_, n) => randomBytes(1 + (n % 5)))
const invalid = [[0xff], [0xc3], [0x80, 0x2e], [0x2e, 0xff], [0xed, 0xa0, 0x80]].map(Buffer.from)
const given = [...odd, ...invalid, ...chance]
// What a name would be whose reader stopped somewhere in it.
const begun = given.flatMap((name) => Array.from(name, (_, end) => name.subarray(0, end)))
const names = [
  ...new Map([...given, ...begun].map((name) => [name.toString('hex'), name])).values(),
]

async function fill() {
  const commands = names.map((name) => ['SET', binary(name), binary(name)])
  await flush()
  const body = Buffer.from(JSON.stringify({ commands }))
  const { status } = await manager.handle({ method: 'POST', path: `${base}/batch`, body })
  expect(status).toBe(200)
}

const run = async (...words: RedisArgument[]) =>
  (await manager.redis('default').command(words, { confirm: true })).reply
const count = async () => Number(await run('DBSIZE'))
const flush = () => run('FLUSHDB')

describe.each(doors)('through %s', (door) => {
  const send = (
    method: string,
    target: string,
    headers: Record<string, string> = host,
    body = ''
  ) =>
    sendBytes(open.ports[door], Buffer.from(requestBytes(method, target, headers, body), 'latin1'))

  describe.each(spellings)('%s', (_spelling, spell) => {
    it('a key in the path is read exactly, or refused', async () => {
      await fill()
      let exact = 0
      for (const name of names) {
        const spelt = spell(name)
        const meant = Buffer.from(percentDecoded(spelt))
        const { status, text } = await send('GET', `${base}/keys/${spelt}`)
        if (status === 200 && /"key":/.test(text)) {
          expect([spelt, bytesOf(JSON.parse(text).data.key)]).toEqual([spelt, meant])
          exact += 1
        } else {
          expect([spelt, [200, 400, 404].includes(status)]).toEqual([spelt, true])
        }
      }
      expect(exact).toBeGreaterThan(names.length / 8)
    })

    it('no key is deleted but the one that was named', async () => {
      await fill()
      for (const name of names) {
        const spelt = spell(name)
        const before = await count()
        const { status } = await send('DELETE', `${base}/keys/${spelt}`)
        const gone = before - (await count())
        const meant = Buffer.from(percentDecoded(spelt))
        expect([spelt, gone <= 1, gone === 0 || status === 200]).toEqual([spelt, true, true])
        if (gone === 1) {
          expect([spelt, Number(await run('EXISTS', binary(meant)))]).toEqual([spelt, 0])
        }
        if (gone > 0) await fill()
      }
    })

    it('a key in the query is read exactly, or refused', async () => {
      await fill()
      for (const name of names) {
        // `&`, `=` and `+` mean something else there.
        const spelt = spell(name).replace(/[&=+#]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
        const { status, text } = await send('GET', `${base}/get?key=${spelt}`)
        if (status === 200) {
          const meant = Buffer.from(percentDecoded(spelt))
          expect([spelt, bytesOf(JSON.parse(text).data.key)]).toEqual([spelt, meant])
        } else {
          expect([spelt, status]).toEqual([spelt, 400])
        }
      }
    })
  })

  it('every key is reached by encoding, in the path and in the query', async () => {
    await fill()
    for (const name of names) {
      const spelt = name.toString('base64url') || '='
      for (const target of [`keys/${spelt}?`, `get?key=${encodeURIComponent(spelt)}&`]) {
        const { status, text } = await send('GET', `${base}/${target}encoding=base64url`)
        expect([target, status]).toEqual([target, 200])
        expect(bytesOf(JSON.parse(text).data.key)).toEqual(name)
      }
    }
  })

  it('every key is reached by its operation’s name, however long it is', async () => {
    await fill()
    for (const name of [...names, randomBytes(100_000)]) {
      const call = (operation: string, more = {}) =>
        send(
          'POST',
          '/api/platform/multidb/call',
          json,
          JSON.stringify({ operation, input: { scope: 'default', key: binary(name), ...more } })
        )
      expect((await call('redis.set', { value: 'called' })).status).toBe(200)
      const { status, text } = await call('redis.keys.get')
      expect(status).toBe(200)
      expect(bytesOf(JSON.parse(text).data.key)).toEqual(name)
      expect((await call('redis.keys.delete')).status).toBe(200)
      expect((await call('redis.keys.get')).status).toBe(404)
    }
  })

  it.each([
    '/keys/.',
    '/keys/..',
    '/keys/%2e',
    '/keys/./download',
    '/keys/../info',
    '/keys//download',
  ])('%s is not another path', async (target) => {
    await fill()
    const before = await count()
    for (const method of ['GET', 'DELETE', 'PUT', 'POST']) {
      const body = method === 'GET' || method === 'DELETE' ? '' : '{}'
      const { status } = await send(method, base + target, body ? json : host, body)
      // A `Request` has walked the dots before anybody can look: then it may be a path of its own.
      const walked = door === 'web' && target === '/keys/../info' && method === 'GET'
      if (!walked) expect([method, [400, 404, 405].includes(status)]).toEqual([method, true])
    }
    expect(await count()).toEqual(before)
  })
})

describe('names that are no text', () => {
  const name = Buffer.from([0xff, 0x3a, 0x61])
  const spelt = name.toString('base64url')
  const group = Buffer.from([0xfe]).toString('base64url')
  const get = async (target: string) => {
    const { status, text } = await sendBytes(
      open.ports['node:http'],
      requestBytes('GET', `${base}/${target}`, { ...host, accept: 'application/json' })
    )
    return { status, data: status === 200 ? JSON.parse(text).data : text }
  }

  beforeEach(async () => {
    await flush()
    await run('XADD', binary(name), '*', 'a', '1')
    await run('XGROUP', 'CREATE', binary(name), binary(Buffer.from([0xfe])), '0')
    await run('SET', 'text', '1')
  })

  it.each([
    ['prefix', `keys?prefix=${Buffer.from([0xff]).toString('base64url')}&encoding=base64url`],
    [
      'pattern',
      `keys?pattern=${Buffer.from([0xff, 0x2a]).toString('base64url')}&encoding=base64url`,
    ],
  ])('are listed by %s', async (_what, target) => {
    const { data } = await get(target)
    expect(data.keys.map(({ key }: { key: never }) => bytesOf(key))).toEqual([name])
  })

  it('are counted, measured and exported by prefix, separator and pattern', async () => {
    const prefix = Buffer.from([0xff]).toString('base64url')
    const separator = Buffer.from([0x3a]).toString('base64url')
    const query = `prefix=${prefix}&separator=${separator}&encoding=base64url`
    expect((await get(`tree?${query}`)).data.namespaces).toHaveLength(1)
    expect((await get(`memory?${query}`)).data.all.keys).toBe(1)
    const pattern = Buffer.from([0xff, 0x2a]).toString('base64url')
    const { text } = await sendBytes(
      open.ports['node:http'],
      requestBytes('GET', `${base}/export?pattern=${pattern}&encoding=base64url`, host)
    )
    expect(text.match(/"key":/g)).toHaveLength(1)
  })

  it('are groups and consumers', async () => {
    const { status } = await get(`keys/${spelt}/consumers?group=${group}&encoding=base64url`)
    expect(status).toBe(200)
    const target = `keys/${spelt}/pending?group=${group}&consumer=${group}&encoding=base64url`
    expect((await get(target)).status).toBe(200)
  })

  it('are channels, also of a subscriber', async () => {
    const target = `${base}/pubsub/subscribe?channels=${spelt},${group}&encoding=base64url`
    const stream = await fetch(`http://localhost:${open.ports['node:http']}${target}`, {
      headers: { accept: 'text/event-stream' },
    })
    const reader = stream.body!.getReader()
    let text = ''
    while (!text.includes(Buffer.from([0xfe]).toString('base64'))) {
      text += Buffer.from((await reader.read()).value!).toString()
    }
    expect(text).toContain(name.toString('base64'))
    const { data } = await get(`pubsub/channels?pattern=${spelt}&encoding=base64url`)
    expect(data.channels.map(({ channel }: { channel: never }) => bytesOf(channel))).toEqual([name])
    await reader.cancel()
  })
})

it('half a surrogate pair is no text, in any JSON', async () => {
  const bodies: Array<[string, string]> = [
    ['keys/a', '{"value":"\\ud800"}'],
    ['set', '{"key":"\\udfff","value":"1"}'],
    ['pubsub/publish', '{"channel":"a","message":"\\ud800"}'],
    ['pubsub/publish', '{"channel":"\\ud800","message":"a"}'],
    ['command', '{"line":"GET \\ud800"}'],
    ['batch', '{"commands":[["GET","\\ud800"]]}'],
  ]
  for (const [target, body] of bodies) {
    const { status } = await manager.handle({
      method: 'POST',
      path: `${base}/${target}`,
      body: Buffer.from(body),
    })
    expect([target, status]).toEqual([target, 400])
  }
  const path = `${base}/keys/\ud800`
  expect((await manager.handle({ method: 'GET', path })).status).toBe(400)
})

it('a call has the rights and the limits of what it calls', async () => {
  const limited = new ConnectionManager({ redisUrl: required('TEST_REDIS_URL'), logLevel: 'off' })
  const call = async (operation: string, input: object, user?: string) => {
    const body = Buffer.from(JSON.stringify({ operation, input }))
    const path = '/api/platform/multidb/call'
    const answer = await limited.handle({ method: 'POST', path, body, ...(user && { user }) })
    return [answer.status, JSON.parse(answer.body.toString()).error?.code]
  }
  const scope = 'default'
  expect(await call('redis.command', { scope, line: 'FLUSHALL' })).toEqual([
    403,
    'OPERATION_NOT_ALLOWED',
  ])
  expect(await call('redis.import', { scope })).toEqual([400, 'VALIDATION_ERROR'])
  expect(await call('service.call', {})).toEqual([400, 'VALIDATION_ERROR'])
  expect(await call('redis.pubsub.subscribe', { scope })).toEqual([426, 'VALIDATION_ERROR'])
  const user = randomUUID()
  const answers = new Set<string>()
  for (let n = 0; n < 200; n++) answers.add(String(await call('redis.memory', { scope }, user)))
  expect(answers).toContain('429,RATE_LIMITED')
  const only = new ConnectionManager({ authorization: 'members', logLevel: 'off' })
  const body = Buffer.from('{"operation":"redis.info","input":{"scope":"default"}}')
  const path = '/api/platform/multidb/call'
  expect((await only.handle({ method: 'POST', path, body })).status).toBe(401)
  await Promise.all([limited.shutdown(1000), only.shutdown(1000)])
})

function percentDecoded(text: string): Buffer {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    const hex = /^%([0-9a-f]{2})/i.exec(text.slice(at, at + 3))?.[1]
    bytes.push(hex ? Number.parseInt(hex, 16) : text.charCodeAt(at))
    if (hex) at += 2
  }
  return Buffer.from(bytes)
}
