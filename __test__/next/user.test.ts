// Who asks, in every shape in which a Studio may say so, at every door.

import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import {
  attachWebSocket,
  authenticatedBy,
  createApiHandler,
  createWebHandler,
} from 'studio-multidb/next'
import { WebSocket } from 'ws'
import { listen } from '../support/listen'
import { id, NOT_SAID, OTHER, SHAPES } from './shapes'
import { stubManager } from './stub'

const url = '/api/platform/databases'
/** Somebody, but who? */
const UNREADABLE: Array<[string, unknown]> = [
  ['no id', { email: 'a@example.com', name: 'Ada' }],
  ['an id that is empty', { id: '', email: 'a@example.com' }],
  ['an id that is none', { id: null }],
  ['an empty object', {}],
  ['a list', [{ id }]],
  ['true', true],
  ['two ids', { id: OTHER, userId: id }],
  ['a session that has an id too', { id: OTHER, user: { id } }],
]

/** What a pages-router handler answers, by `req.user` and the third argument. */
async function ask(user: unknown, claims?: unknown, options: object = {}) {
  const { manager, requests } = stubManager()
  const onError = jest.fn()
  const handler = createApiHandler(manager, { onError, ...options })
  const answers = []
  for (let n = 0; n < 2; n++) {
    let text = ''
    const response = {
      statusCode: 0,
      setHeader: () => {},
      end: (body?: Buffer | string) => void (text = String(body ?? '')),
    }
    await handler({ method: 'GET', url, headers: {}, user } as never, response, claims)
    answers.push({ status: response.statusCode, text })
  }
  return { ...answers[0]!, again: answers[1]!, requests, onError }
}

/** Beside these a bare text may be any other argument's. */
const idless = (other: unknown) => !JSON.stringify(other ?? null).includes(id)

describe('a route knows its user', () => {
  test.each(SHAPES)('by req.user: %s', async (_, user) => {
    expect((await ask(user)).requests[0]?.user).toBe(id)
  })

  test.each(SHAPES)('by the third argument, whatever req.user is: %s', async (_, user) => {
    for (const other of [undefined, null, id, { userId: id }, { email: 'x' }]) {
      if (user === id && idless(other)) continue
      expect((await ask(other, user)).requests[0]?.user).toBe(id)
    }
  })

  test.each(NOT_SAID)('by the third argument only beside req.user: %s', async (_, argument) => {
    expect((await ask({ userId: id }, argument)).requests[0]?.user).toBe(id)
    for (const nobody of [undefined, null, '', { email: 'a@example.com' }]) {
      const { status, text, requests, onError } = await ask(nobody, argument)
      expect([status, requests]).toEqual([500, []])
      expect(text).toMatch(/getUser/)
      expect(text).toMatch(/third argument/)
      expect(text).not.toContain(id)
      expect(onError).toHaveBeenCalledTimes(1)
    }
  })

  test('by req.user, where the third argument says nothing of users', async () => {
    for (const argument of [undefined, null, () => {}, { params: {} }]) {
      expect((await ask({ userId: id }, argument)).requests[0]?.user).toBe(id)
    }
  })

  test.each(SHAPES)('and not another than is named beside it: %s', async (_, user) => {
    const others = ['req-123', 0, { id: 'project-9' }, { sub: OTHER }, { user: { id: OTHER } }]
    for (const other of others.flatMap((value) => [value, Promise.resolve(value)])) {
      for (const [left, claims] of [
        [user, other],
        [other, user],
      ]) {
        const { status, text, requests, onError } = await ask(left, claims)
        expect([status, requests]).toEqual([500, []])
        expect(text).toMatch(/getUser/)
        expect(text).toMatch(/You are logged in/)
        expect(text).toMatch(/in req.user than in the third argument/)
        expect(text).not.toContain(OTHER)
        expect(onError).toHaveBeenCalledTimes(1)
      }
    }
  })

  test.each(SHAPES)('and is nobody where it is refused beside that: %s', async (_, user) => {
    const refusals = [
      { error: 'expired' },
      { error: { message: 'banned' }, userId: id },
      { data: { user: null }, error: new Error('no') },
      new Error('no'),
      new Response(null, { status: 401 }),
      Promise.resolve({ error: 'later' }),
    ]
    for (const refusal of refusals) {
      for (const [left, claims] of [
        [user, refusal],
        [refusal, user],
        [undefined, refusal],
        [refusal, undefined],
      ]) {
        const { status, requests } = await ask(left, claims)
        expect([status, requests]).toEqual([401, []])
      }
    }
  })

  test.each([
    ['a number', 42, '42'],
    ['an object with a number', { userId: 42 }, '42'],
  ])('%s', async (_, user, expected) => {
    expect((await ask(user)).requests[0]?.user).toBe(expected)
  })

  test.each([undefined, null, '', false])('as nobody: %p', async (user) => {
    const { status, requests } = await ask(user)
    expect([status, requests[0]?.user]).toEqual([200, undefined])
  })

  test('by the id that getUser names, whatever else it carries', async () => {
    const getUser = () => ({ id, sub: OTHER, email: 'a@example.com' })
    expect((await ask({ id: OTHER }, undefined, { getUser })).requests[0]?.user).toBe(id)
  })
})

describe('a user whose id can’t be told is told so, and never to log in', () => {
  test.each(UNREADABLE)('%s', async (_, user) => {
    for (const left of [user, undefined]) {
      const claims = left === undefined ? user : undefined
      const { status, text, again, requests, onError } = await ask(left, claims)
      expect([status, again.status]).toEqual([500, 500])
      expect(text).toMatch(/getUser/)
      expect(text).toMatch(/You are logged in/)
      expect(text).not.toContain('a@example.com')
      expect(requests).toHaveLength(0)
      expect(onError).toHaveBeenCalledTimes(1)
      expect(String(onError.mock.calls[0]?.[0])).toMatch(/getUser/)
    }
  })

  test('whichever door it came through', async () => {
    const { manager, requests } = stubManager()
    const onError = jest.fn()
    const getUser = () => ({ email: 'a@example.com' }) as never
    const handler = createWebHandler(manager, { getUser, onError })
    const response = await handler(new Request(`http://localhost${url}`))
    expect([response.status, requests.length]).toEqual([500, 0])
    expect(await response.text()).toMatch(/getUser/)
    expect(onError).toHaveBeenCalledTimes(1)
  })
})

describe('a socket is authenticated by the Studio’s own function', () => {
  /** The user that a handshake was made by, or the status that refused it. */
  async function shake(authenticate: (...args: never[]) => unknown) {
    const { manager, requests } = stubManager()
    const server = createServer()
    const onError = jest.fn()
    attachWebSocket(server, manager, { getUser: authenticatedBy(authenticate), onError })
    const target = `ws://127.0.0.1:${await listen(server)}/api/platform/redis/default/pubsub/subscribe?channels=a`
    const socket = new WebSocket(target, ['studio-multidb', 'bearer.token'])
    try {
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
      return { status: response.statusCode, user: requests[0]?.user, asked: requests.length }
    } finally {
      socket.on('error', () => {}).terminate()
      server.close()
    }
  }

  const bearer = (req: IncomingMessage) => req.headers.authorization === 'Bearer token'

  test.each(SHAPES)('that answers %s, at once or later', async (_, user) => {
    const sync = await shake((req: IncomingMessage) => (bearer(req) ? user : null))
    const later = await shake(async (req: IncomingMessage, res: object) => {
      await Promise.resolve()
      return bearer(req) && res ? user : { error: new Error('no') }
    })
    expect([sync, later]).toMatchObject([{ user: id }, { user: id }])
  })

  type Res = {
    statusCode: number
    status(code: number): Res
    json(body: object): void
    writeHead(code: number): Res
    end(text?: string): void
    setHeader(name: string, value: string): void
  }
  test.each<[string, (req: IncomingMessage, res: Res) => unknown]>([
    ['nobody', () => null],
    ['nothing', () => undefined],
    ['nothing, later', async () => {}],
    ['an empty id', () => ''],
    ['an error', () => ({ error: { message: 'expired' } })],
    ['an error beside a user', () => ({ error: { message: 'banned' }, userId: id })],
    ['an Error', () => new Error('expired')],
    ['a Response', () => new Response(null, { status: 401 })],
    ['by the response', (_, res) => res.status(401).json({ error: 'no' })],
    ['by the response, and a user', (_, res) => (res.status(403).json({}), { userId: id })],
    ['by node’s response', (_, res) => (res.writeHead(401).end('no'), id)],
    ['by its status', (_, res) => ((res.statusCode = 401), id)],
  ])('that refuses: %s', async (_, authenticate) => {
    expect(await shake(authenticate as never)).toEqual({ status: 401, user: undefined, asked: 0 })
  })

  test('that fails: nobody gets in', async () => {
    const failing = () => Promise.reject(new Error('the auth database is away'))
    expect(await shake(failing)).toEqual({ status: 500, user: undefined, asked: 0 })
  })

  test('with what an API route sees: the query, cookies, and headers to set', async () => {
    const seen: unknown[] = []
    await shake((req: IncomingMessage & { query: object; cookies: object }, res: Res) => {
      res.setHeader('x-session', 'renewed')
      seen.push(req.query, req.cookies)
      return id
    })
    expect(seen).toEqual([{ channels: 'a' }, {}])
  })
})
