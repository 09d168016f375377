// Every door knows the same users: each shape of one, at each door.

import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  checkProjectAccess,
  ConnectionManager,
  QueryError,
  rateLimit,
  requirePermission,
  userOf,
} from 'studio-multidb'
import { createApiHandler, createWebHandler } from 'studio-multidb/next'
import { NativeManager } from '../../index'
import { id, NOT_SAID, OTHER, PLAIN } from '../next/shapes'
import { stubManager } from '../next/stub'

const url = '/api/platform/databases'
const quiet = { onError: () => {} }

/** The door's user; throws what the door answers where it knows none. */
type Door = (user: unknown, claims?: unknown) => Promise<string | undefined>

const request = (user: unknown) =>
  ({ method: 'GET', url, headers: {}, user, socket: { remoteAddress: '10.0.0.9' } }) as never

function response() {
  let text = ''
  const answer = {
    statusCode: 200,
    setHeader: () => {},
    end: (body?: unknown) => void (text = String(body ?? '')),
    thrown: () => {
      if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${text}`)
    },
  }
  return answer
}

const native = NativeManager.prototype
let asked: Array<string | undefined | null> = []
beforeEach(() => {
  asked = []
  jest.spyOn(console, 'error').mockImplementation(() => {})
  jest.spyOn(native, 'permission').mockImplementation((_, user) => {
    asked.push(user)
    return Promise.resolve('admin')
  })
  jest.spyOn(native, 'admit').mockImplementation((user) => {
    asked.push(user)
    return 0
  })
})
afterEach(() => jest.restoreAllMocks())

const DOORS: Record<string, Door> = {
  'a route': async (user, claims) => {
    const { manager, requests } = stubManager()
    const answer = response()
    await createApiHandler(manager, quiet)(request(user), answer, claims)
    answer.thrown()
    return requests[0]?.user as string | undefined
  },
  userOf: async (user, claims) => userOf(request(user), claims),
  checkProjectAccess: async (user, claims) => {
    const { error } = await checkProjectAccess(request(user), 'default', claims)
    if (error) throw error
    return asked[0] ?? undefined
  },
  requirePermission: async (user, claims) => {
    const { authorized, error } = await requirePermission(request(user), 'p', 'admin', claims)
    if (error) throw error
    expect(authorized).toBe(true)
    return asked[0] ?? undefined
  },
  rateLimit: async (user, claims) => {
    const answer = response() as ReturnType<typeof response> & ServerResponse
    const isIn = rateLimit(request(user) as IncomingMessage, answer, 3, 60_000, claims)
    answer.thrown()
    expect(isIn).toBe(true)
    return asked[0] ?? undefined
  },
}

describe.each(Object.entries(DOORS))('%s knows its user', (_, door) => {
  test.each(PLAIN)('%s', async (_, user) => {
    expect(await door(user)).toBe(id)
    expect(await door(user, user)).toBe(id)
    if (user !== id) expect(await door(undefined, user)).toBe(id)
  })

  test.each([undefined, null, '', ' ', false])('nobody: %p', async (user) => {
    expect(await door(user)).toBeUndefined()
  })

  test.each<[string, unknown, unknown]>([
    ['no id', { email: 'a@example.com' }, undefined],
    ['two ids', { id: OTHER, userId: id }, undefined],
    ['a list', [id], undefined],
    ['another third argument', { userId: id }, { sub: OTHER }],
    ...NOT_SAID.slice(0, 4).map(([name, value]): [string, unknown, unknown] => [
      `${name} as the third argument`,
      undefined,
      value,
    ]),
  ])('and says what mends it where it can’t tell: %s', async (_, user, claims) => {
    await expect(door(user, claims)).rejects.toThrow(/has to say how the id is read, by/)
    await expect(door(user, claims)).rejects.not.toThrow(/a@example|7d0c9c7e/)
    expect(asked).toEqual([])
  })

  test('and takes a refusal for one', async () => {
    for (const refusal of [{ error: 'expired' }, new Error('no'), { error: 'x', userId: id }]) {
      await expect(door(refusal)).rejects.toThrow(/log in/)
      await expect(door({ userId: id }, refusal)).rejects.toThrow(/log in/)
    }
    expect(asked).toEqual([])
  })
})

test.each(PLAIN)('what getUser answers, whichever handler asks: %s', async (_, user) => {
  const { manager, requests } = stubManager()
  const getUser = () => user as never
  await createWebHandler(manager, { getUser, ...quiet })(new Request(`http://localhost${url}`))
  await createApiHandler(manager, { getUser, ...quiet })(request(undefined), response())
  expect(requests.map((one) => one.user)).toEqual([id, id])
})

test('a promised user is waited for, and where there is no waiting, told', async () => {
  for (const name of ['a route', 'checkProjectAccess', 'requirePermission']) {
    expect(await DOORS[name]!(Promise.resolve({ userId: id }))).toBe(id)
  }
  for (const name of ['userOf', 'rateLimit']) {
    await expect(DOORS[name]!(Promise.resolve({ userId: id }))).rejects.toThrow(
      /how the id is read/
    )
  }
})

describe('one user’s requests are no other’s', () => {
  const admitted = (user: unknown) => {
    const answer = response() as ReturnType<typeof response> & ServerResponse
    return rateLimit(request(user) as IncomingMessage, answer, 1, 60_000)
  }

  test('by whichever shape they are named', () => {
    jest.restoreAllMocks()
    const [first, second] = [OTHER.replace('0002', '0003'), OTHER.replace('0002', '0004')]
    expect(admitted({ userId: first, email: 'a' })).toBe(true)
    expect(admitted({ sub: first.toUpperCase() })).toBe(false)
    expect(admitted({ userId: second, email: 'b' })).toBe(true)
    expect(admitted('10.0.0.9')).toBe(true)
    expect(admitted(undefined)).toBe(true)
    expect(admitted(undefined)).toBe(false)
  })
})

describe('a typed client', () => {
  const manager = () => new ConnectionManager({ authorization: 'members', logLevel: 'off' })
  type Open = (manager: ConnectionManager, options: never) => unknown
  const CLIENTS: Array<[string, Open]> = [
    ['redis', (manager, options) => manager.redis('default', options)],
    ['mongodb', (manager, options) => manager.mongodb('default', options)],
    ['postgres', (manager, options) => manager.postgres('default', options)],
    ['http', (manager, options) => manager.http('default', options)],
    ['databases', (manager, options) => manager.databases(options)],
  ]
  const objects = PLAIN.filter(([, user]) => typeof user === 'object')

  test.each(CLIENTS)('%s takes an id, and says so of everything else', async (_, open) => {
    const one = manager()
    for (const [, user] of [...objects, ['', 5], ['', true], ['', [id]]]) {
      expect(() => open(one, { user } as never)).toThrow(QueryError)
      expect(() => open(one, { user } as never)).toThrow(/must be the id of the authenticated user/)
    }
    expect(() => open(one, id as never)).toThrow(/options of a client/)
    for (const user of [id, undefined, null, '']) open(one, { user } as never)
    await one.shutdown(500)
  })

  test('for nobody is not the server’s own', async () => {
    const one = manager()
    await expect(one.pools({ user: null })).rejects.toThrow()
    await expect(one.pools({ user: '' })).rejects.toThrow()
    await one.shutdown(500)
  })
})
