import { createMocks, type RequestOptions } from 'node-mocks-http'
import {
  type ApiRequest,
  type ApiResponse,
  createApiHandler,
  type RequestManager,
} from 'studio-multidb/next'
import { json, quiet, stubManager } from './stub'

describe('createApiHandler with (req, res) mocks', () => {
  async function call(
    manager: RequestManager,
    options: RequestOptions,
    handlerOptions = {},
    claims?: unknown
  ) {
    const { req, res } = createMocks(options)
    await createApiHandler(manager, { ...quiet, ...handlerOptions })(req, res, claims)
    return res
  }

  it('hands over method, path, query, headers and body, and writes the answer', async () => {
    const { manager, requests } = stubManager(() => json({ data: { ok: true } }, 201))
    const res = await call(manager, {
      method: 'POST',
      url: '/api/platform/redis/default/keys/a?ttl=5',
      headers: { 'X-Request-Id': 'r1', cookie: 'session=secret', authorization: 'Bearer secret' },
      body: { value: 'b' },
    })
    expect(res.statusCode).toBe(201)
    expect(res._getJSONData()).toEqual({ data: { ok: true } })
    expect(res.getHeader('content-type')).toBe('application/json; charset=utf-8')
    expect(requests).toHaveLength(1)
    expect(requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/platform/redis/default/keys/a',
      query: 'ttl=5',
      headers: { 'x-request-id': 'r1' },
    })
    expect(JSON.parse(String(requests[0]?.body))).toEqual({ value: 'b' })
  })

  it('keeps the credentials of the session to itself', async () => {
    const { manager, requests } = stubManager()
    await call(manager, {
      url: '/api/platform/databases',
      headers: { cookie: 'secret', authorization: 'Bearer secret' },
    })
    expect(JSON.stringify(requests)).not.toContain('secret')
  })

  it('asks for no user where the operator’s token is asked for, and hands that over', async () => {
    const { manager, requests } = stubManager()
    const getUser = () => {
      throw new Error('no user')
    }
    const headers = { cookie: 'secret', authorization: 'Bearer of-the-operator' }
    await call(manager, { url: '/api/platform/multidb/metrics', headers }, { getUser })
    expect(requests[0]?.headers).toEqual({
      authorization: 'Bearer of-the-operator',
      cookie: 'withheld',
    })
    expect(requests[0]?.user).toBeUndefined()
  })

  it('leaves an encoded slash, percent and plus in a key as they were sent', async () => {
    const { manager, requests } = stubManager()
    await call(manager, {
      url: '/api/platform/redis/default/keys/a%2Fb%25%2B?encoding=utf8&x=%2F',
      query: { ref: 'default', path: ['keys', 'a/b%+'] },
    })
    expect(requests[0]?.path).toBe('/api/platform/redis/default/keys/a%2Fb%25%2B')
    expect(requests[0]?.query).toBe('encoding=utf8&x=%2F')
  })

  it('takes the path out of an absolute URL and below a base path', async () => {
    const { manager, requests } = stubManager()
    const basePath = '/studio'
    await call(manager, { url: 'http://proxy/studio/api/platform/databases?x=1' }, { basePath })
    await call(manager, { url: '/api/platform/databases' }, { basePath })
    expect(requests.map(({ path, query }) => [path, query])).toEqual([
      ['/api/platform/databases', 'x=1'],
      ['/api/platform/databases', ''],
    ])
  })

  it('writes the Allow header of a 405', async () => {
    const { manager } = stubManager(() =>
      json({ message: 'Method PUT Not Allowed' }, 405, { allow: 'GET, POST' })
    )
    const res = await call(manager, { method: 'PUT', url: '/api/platform/databases' })
    expect(res.statusCode).toBe(405)
    expect(res.getHeader('allow')).toBe('GET, POST')
    expect(res._getJSONData()).toEqual({ message: 'Method PUT Not Allowed' })
  })

  it('answers OPTIONS with the methods, and HEAD like GET without a body', async () => {
    const { manager, requests } = stubManager(({ method }) =>
      method === 'OPTIONS' ? json({}, 405, { allow: 'GET, POST' }) : json({ data: [] })
    )
    const options = await call(manager, { method: 'OPTIONS', url: '/api/platform/databases' })
    expect(options.statusCode).toBe(204)
    expect(options.getHeader('allow')).toBe('GET, POST, HEAD, OPTIONS')
    expect(options._getData()).toBe('')
    const head = await call(manager, { method: 'HEAD', url: '/api/platform/databases' })
    expect(head.statusCode).toBe(200)
    expect(head.getHeader('content-length')).toBe('11')
    expect(head._getData()).toBe('')
    expect(requests.map(({ method }) => method)).toEqual(['OPTIONS', 'GET'])
  })

  it.each([
    ['an object', { a: 1 }, '{"a":1}'],
    ['a string', '{"a":1}', '{"a":1}'],
    ['a buffer', Buffer.from('{"a":1}'), '{"a":1}'],
  ])('takes a parsed body that is %s', async (_what, body, expected) => {
    const { manager, requests } = stubManager()
    const res = { statusCode: 0, setHeader: () => {}, end: () => {} }
    const req = { method: 'POST', url: '/api/platform/databases', headers: {}, body }
    await createApiHandler(manager)(req, res)
    expect(String(requests[0]?.body)).toBe(expected)
  })

  it('refuses a parsed body that is too large', async () => {
    const { manager, requests } = stubManager()
    const url = '/api/platform/databases'
    const body = { text: 'x'.repeat(100) }
    const res = await call(manager, { method: 'POST', url, body }, { maxBodyBytes: 50 })
    expect(res.statusCode).toBe(413)
    expect(res._getJSONData()).toMatchObject({
      message: 'The request body is larger than 50 bytes',
      error: { code: 'PAYLOAD_TOO_LARGE', outcome: 'not_applied', retryable: false },
    })
    expect(requests).toHaveLength(0)
  })

  describe('the user', () => {
    const url = '/api/platform/databases'

    it.each([
      ['the claims of a newer apiWrapper', {}, { sub: 'u1' }, 'u1'],
      ['req.user of an older one', { user: { id: 'u2' } }, undefined, 'u2'],
      ['nobody', {}, undefined, undefined],
    ])('is %s', async (_what, request, claims, expected) => {
      const { manager, requests } = stubManager()
      await call(manager, { url, ...request }, {}, claims)
      expect(requests[0]?.user).toBe(expected)
    })

    it.each([
      ['an id', 'u3', 'u3'],
      ['an object', { id: 'u4' }, 'u4'],
      ['null', null, undefined],
      ['an empty text', '', undefined],
      ['a blank text', ' \t', undefined],
      ['a number', 7, '7'],
      ['an object with a number', { id: 7 }, '7'],
      ['an object whose id is empty', { id: '' }, undefined],
      ['an object whose id is null', { id: null }, undefined],
    ])('is what getUser says: %s', async (_what, user, expected) => {
      const { manager, requests } = stubManager()
      await call(manager, { url, user: { id: 'other' } } as RequestOptions, {
        getUser: async () => user,
      })
      expect(requests).toHaveLength(1)
      expect(requests[0]?.user).toBe(expected)
    })

    it.each([
      ['an object without an id', {}],
      ['an object with an object', { id: { toString: (): string => 'u5' } }],
      ['a list of ids', { id: ['u6'] }],
      ['a flag', true],
    ])(
      'is not %s: nothing is done, and the answer says what getUser returns',
      async (_what, user) => {
        const { manager, requests } = stubManager()
        const res = await call(manager, { url }, { getUser: () => user })
        expect(res.statusCode).toBe(500)
        expect(res._getJSONData().message).toContain('getUser')
        expect(requests).toHaveLength(0)
      }
    )

    it('can’t be asked for: 500, nothing is done, and the log has the cause', async () => {
      const { manager, requests } = stubManager()
      const onError = jest.fn()
      const getUser = () => Promise.reject(new Error('auth server at 10.0.0.7 is down'))
      const res = await call(manager, { url }, { getUser, onError })
      expect(res.statusCode).toBe(500)
      expect(res._getData()).not.toContain('10.0.0.7')
      expect(requests).toHaveLength(0)
      expect(onError).toHaveBeenCalledTimes(1)
    })
  })

  it('tells that a write may have happened when the manager breaks down', async () => {
    const manager: RequestManager = { handle: () => Promise.reject(new Error('broken')) }
    const url = '/api/platform/databases'
    const write = await call(manager, { method: 'POST', url, body: {} })
    expect(write._getJSONData()).toMatchObject({ error: { outcome: 'unknown' } })
    const read = await call(manager, { method: 'GET', url })
    expect(read._getJSONData()).toMatchObject({ error: { outcome: 'not_applied' } })
  })

  it('makes the manager at the first request, once, and answers when that fails', async () => {
    const { manager } = stubManager()
    const make = jest.fn(() => manager)
    const handler = createApiHandler(make)
    expect(make).not.toHaveBeenCalled()
    for (let i = 0; i < 2; i++) {
      const { req, res } = createMocks({ url: '/api/platform/databases' })
      await handler(req, res)
      expect(res.statusCode).toBe(200)
    }
    expect(make).toHaveBeenCalledTimes(1)

    const { req, res } = createMocks({ url: '/api/platform/databases' })
    const fail = () => {
      throw new Error('no')
    }
    await createApiHandler(fail, quiet)(req, res)
    expect(res.statusCode).toBe(500)
  })

  it('never rejects, not even when the response can’t be written', async () => {
    const { manager } = stubManager()
    const res: ApiResponse = {
      statusCode: 0,
      headersSent: true,
      setHeader: () => {
        throw new Error('headers are sent')
      },
      end: () => {},
    }
    const req: ApiRequest = { url: '/api/platform/databases', headers: {} }
    await expect(createApiHandler(manager, quiet)(req, res)).resolves.toBeUndefined()
  })
})
