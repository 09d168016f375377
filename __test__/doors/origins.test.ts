// What pages of other sites can make a browser send, through each door, on real sockets.

import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { ConnectionManager } from 'studio-multidb'
import { attachWebSocket, createApiHandler, createWebHandler } from 'studio-multidb/next'
import { requestBytes, sendBytes } from '../support/raw'
import { required } from '../support/stack'
import { type Door, doors, openDoors } from './servers'

const LISTED = 'https://studio.example'
let manager: ConnectionManager
let open: Awaited<ReturnType<typeof openDoors>>
const key = `origins-${randomUUID()}`
const path = `/api/platform/redis/default/keys/${key}`
const socketPath = '/api/platform/redis/default/pubsub/subscribe?channels=a'

beforeAll(async () => {
  manager = new ConnectionManager({
    redisUrl: required('TEST_REDIS_URL'),
    allowedOrigins: [LISTED],
    rateLimit: 'off',
    logLevel: 'off',
  })
  open = await openDoors(manager, { allowedOrigins: ['https://second.example'] })
})

afterAll(async () => {
  open?.close()
  await manager?.redis('default').del(key)
  await manager?.shutdown(1000)
})

type Headers = Record<string, string>

const json = { 'content-type': 'application/json' }
const handshake = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Headers in which `HOST` stands for the server's own address. */
const filled = (headers: Headers, port: number) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.replace('HOST', `localhost:${port}`),
    ])
  )

const write = (door: Door, headers: Headers, body = '{"value":"written"}') =>
  sendBytes(
    open.ports[door],
    requestBytes('POST', path, filled({ host: 'HOST', ...headers }, open.ports[door]), body)
  )
const read = (door: Door, headers: Headers) =>
  sendBytes(
    open.ports[door],
    requestBytes('GET', path, filled({ host: 'HOST', ...headers }, open.ports[door]))
  )
const subscribe = (headers: Headers) => {
  const port = open.ports['node:http']
  const all = filled({ host: 'HOST', ...handshake, ...headers }, port)
  return sendBytes(port, requestBytes('GET', socketPath, all))
}

const refused: Array<[string, Headers]> = [
  ['a page of another site', { origin: 'http://evil.example' }],
  ['another port of this host', { origin: 'http://localhost:1' }],
  ['another name of this machine', { origin: 'http://127.0.0.1' }],
  ['a sandboxed page', { origin: 'null' }],
  ['a file', { origin: 'file://' }],
  ['an extension', { origin: 'chrome-extension://abc' }],
  ['an origin that is none', { origin: 'HOST' }],
  ['a site that says it is another', { 'sec-fetch-site': 'cross-site' }],
  ['a subdomain that says it is one', { 'sec-fetch-site': 'same-site' }],
  ['a name that is like an allowed one', { origin: `${LISTED}.evil.example` }],
  ['another port of an allowed one', { origin: `${LISTED}:8443` }],
  ['a foreign page with a token', { origin: 'http://evil.example', authorization: 'Bearer good' }],
  ['a foreign page with a cookie', { origin: 'http://evil.example', cookie: 'session=good' }],
  ['a name that was made to lead here', { host: 'evil.example', origin: 'http://evil.example' }],
  ['such a name without an origin', { host: 'evil.example:3000' }],
  ['such a name that looks like an address', { host: '127.0.0.1.evil.example' }],
  ['such a name with a made-up token', { host: 'evil.example', authorization: 'Bearer bad' }],
  ['such a name with a made-up cookie', { host: 'evil.example', cookie: 'session=bad' }],
  [
    'such a name with a good token, where nobody has to log in',
    {
      host: 'evil.example',
      authorization: 'Bearer good',
    },
  ],
  [
    'such a name with a good cookie, and its own page',
    {
      host: 'evil.example',
      origin: 'http://evil.example',
      cookie: 'session=good',
    },
  ],
  ['such a name and a forwarded one', { host: 'evil.example', 'x-forwarded-host': 'localhost' }],
]

const allowed: Array<[string, Headers]> = [
  ['no browser', {}],
  ['a page of this host', { origin: 'http://HOST', 'sec-fetch-site': 'same-origin' }],
  ['an allowed page', { origin: LISTED, 'sec-fetch-site': 'cross-site' }],
  ['an allowed page, behind a proxy', { host: 'inside:3000', origin: LISTED }],
  ['a page that this handler allows', { origin: 'https://second.example' }],
  ['an allowed name', { host: 'studio.example', origin: LISTED }],
  ['who logs in, by an allowed name', { host: 'studio.example', authorization: 'Bearer good' }],
  ['an address', { host: '[::1]:3000', origin: 'http://[::1]:3000' }],
  ['a local name', { host: 'app.localhost', origin: 'https://app.localhost' }],
]

describe.each(doors)('through %s', (door) => {
  it.each(refused)('%s writes nothing', async (_who, headers) => {
    await manager.redis('default').del(key)
    const { status, text } = await write(door, { ...json, ...headers })
    expect([status, JSON.parse(text).error.code]).toEqual([403, 'OPERATION_NOT_ALLOWED'])
    expect(text).toContain('MULTIDB_ALLOWED_ORIGINS')
    expect(await manager.redis('default').get(key)).toBeNull()
  })

  it.each(refused)('%s reads nothing', async (_who, headers) => {
    expect((await read(door, headers)).status).toBe(403)
  })

  it.each(allowed)('%s writes and reads', async (_who, headers) => {
    expect((await write(door, { ...json, ...headers })).status).toBe(200)
    expect((await read(door, headers)).status).toBe(200)
  })

  it('a foreign referer writes nothing, and may be a link', async () => {
    const referer = { referer: 'http://evil.example/page' }
    expect((await write(door, { ...json, ...referer })).status).toBe(403)
    expect((await write(door, { ...json, referer: 'http://HOST/page' })).status).toBe(200)
    expect((await read(door, referer)).status).toBe(200)
  })

  it.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
    'application/json; charset=utf-16',
    '',
  ])('a body that says it is "%s" is not read', async (type) => {
    await manager.redis('default').del(key)
    const { status, text } = await write(door, type === '' ? {} : { 'content-type': type })
    expect([status, JSON.parse(text).error.code]).toEqual([415, 'VALIDATION_ERROR'])
    expect(text).toContain('Content-Type: application/json')
    expect(await manager.redis('default').get(key)).toBeNull()
  })

  it('every answer says that it is what it says, also a failure and a file', async () => {
    await write(door, json, '{"value":"<script>alert(1)</script>"}')
    const port = open.ports[door]
    const host = { host: 'localhost' }
    const answers = [
      await read(door, {}),
      await read(door, { host: 'evil.example' }),
      await write(door, { 'content-type': 'text/plain' }),
      await sendBytes(port, requestBytes('GET', `${path}/download`, host)),
      await sendBytes(
        port,
        requestBytes('GET', '/api/platform/redis/default/export?pattern=none', host)
      ),
      await sendBytes(port, requestBytes('GET', '/api/platform/nothing', host)),
      await sendBytes(port, requestBytes('DELETE', '/api/platform/databases', host)),
    ]
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      })
    }
    expect(answers[3]?.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-security-policy': expect.stringContaining('sandbox'),
      'content-disposition': expect.stringContaining('attachment'),
    })
  })
})

describe('a socket', () => {
  it.each(refused)('is not opened for %s', async (_who, headers) => {
    expect((await subscribe(headers)).status).toBe(403)
  })

  it.each([
    ['no origin, and a cookie', { cookie: 'session=good' }],
    ['no origin, and a password', { authorization: 'Basic eDp5' }],
  ] as Array<[string, Headers]>)('is not opened for %s', async (_who, headers) => {
    expect((await subscribe(headers)).status).toBe(403)
  })

  it.each(allowed)('is opened for %s', async (_who, headers) => {
    const { status, headers: answered } = await subscribe(headers)
    expect(status).toBe(101)
    expect(answered['x-content-type-options']).toBe('nosniff')
  })

  it('is opened for a token, which browsers do not add', async () => {
    const headers = { authorization: 'Bearer good', cookie: 'session=good' }
    expect((await subscribe(headers)).status).toBe(101)
  })
})

it('what anybody may know is told by any name', async () => {
  const health = requestBytes('GET', '/api/platform/multidb/health', { host: 'probe.example' })
  expect((await sendBytes(open.ports['node:http'], health)).status).toBe(200)
})

/** Every spelling that a program may give names in. */
const spellings: Array<[string, (name: string) => string]> = [
  ['lower', (name) => name],
  ['upper', (name) => name.toUpperCase()],
  ['title', (name) => name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())],
  ['mixed', (name) => name.replace(/[aeiou]/g, (vowel) => vowel.toUpperCase())],
]

describe.each(spellings)('a program that spells its headers in %s case', (_, spelt) => {
  const handle = (headers: Headers) =>
    manager.handle({
      method: 'POST',
      path,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [spelt(name), value])
      ),
      body: Buffer.from('{"value":"written"}'),
    })

  it.each(refused)('writes nothing for %s', async (_who, headers) => {
    await manager.redis('default').del(key)
    const sent = filled({ host: 'HOST', ...json, ...headers }, open.ports['node:http'])
    expect((await handle(sent)).status).toBe(403)
    expect(await manager.redis('default').get(key)).toBeNull()
  })

  it('has its types and its own requests read', async () => {
    const host = { host: 'localhost' }
    expect((await handle({ ...host, 'content-type': 'text/plain' })).status).toBe(415)
    expect((await handle({ ...host, ...json, origin: 'http://localhost' })).status).toBe(200)
    expect((await handle({})).status).toBe(200)
  })

  it('hides no header behind another spelling of it', async () => {
    await manager.redis('default').del(key)
    for (const name of ['host', 'origin', 'sec-fetch-site', 'content-type']) {
      const own = { host: 'localhost', ...json, origin: 'http://localhost' }
      const others = spellings.map(([, other]) => other(name)).filter((n) => n !== spelt(name))
      for (const other of others) {
        const headers = { ...own, [spelt(name)]: 'one', [other]: 'another' }
        const answer = await manager.handle({ method: 'POST', path, headers })
        expect([answer.status, String(answer.body)]).toEqual([400, expect.stringContaining(name)])
      }
    }
    expect(await manager.redis('default').get(key)).toBeNull()
  })
})

it('who has logged in where all must comes by any name, until names are listed', async () => {
  const good = { host: 'own.example', authorization: 'Bearer good' }
  const read = requestBytes('GET', '/api/platform/databases', good)
  for (const allowedOrigins of [[], [LISTED]]) {
    const members = new ConnectionManager({
      authorization: 'members',
      allowedOrigins,
      logLevel: 'off',
    })
    const { ports, close } = await openDoors(members)
    for (const door of doors) {
      const { text } = await sendBytes(ports[door], read)
      expect(text.includes('does not know the host name')).toBe(allowedOrigins.length > 0)
    }
    close()
    await members.shutdown(1000)
  }
})

it.each(['studio.example.com', '', '*', 'null', 'https://h/path', 'ftp://h', 'https://u:p@h', 5])(
  'no handler is made with the origin %p, which is none',
  async (origin) => {
    const options = { allowedOrigins: [LISTED, origin as string] }
    const named = typeof origin === 'string' ? JSON.stringify(origin) : 'allowedOrigins'
    expect(() => createApiHandler(manager, options)).toThrow(named)
    expect(() => createWebHandler(manager, options)).toThrow(named)
    expect(() => attachWebSocket(createServer(), manager, options)).toThrow(named)
    expect(() => createApiHandler(manager, { allowedOrigins: LISTED as never })).toThrow(LISTED)
    if (typeof origin !== 'string') return
    const answer = await manager.handle({ method: 'GET', path, ...options })
    expect([answer.status, String(answer.body)]).toEqual([400, expect.stringContaining('Origins')])
  }
)

it('who must log in is told so, by whatever name', async () => {
  const members = new ConnectionManager({ authorization: 'members', logLevel: 'off' })
  const { ports, close } = await openDoors(members)
  for (const door of doors) {
    const bytes = requestBytes('GET', '/api/platform/databases', { host: 'studio.other.example' })
    expect((await sendBytes(ports[door], bytes)).status).toBe(401)
  }
  close()
  await members.shutdown(1000)
})
