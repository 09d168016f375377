import { once } from 'node:events'
import { createServer, request as httpRequest, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createMocks, type RequestOptions } from 'node-mocks-http'
import {
  type ApiRequest,
  type ApiResponse,
  createApiHandler,
  createWebHandler,
  type RequestManager,
} from 'studio-multidb/next'

type HandleRequest = Parameters<RequestManager['handle']>[0]
type HandleResponse = Awaited<ReturnType<RequestManager['handle']>>

const json = (value: unknown, status = 200, headers: Record<string, string> = {}) => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: Buffer.from(JSON.stringify(value)),
})

/** A manager that remembers what it was asked. */
function stubManager(answer: (request: HandleRequest) => HandleResponse = () => json({ data: 1 })) {
  const requests: HandleRequest[] = []
  const manager: RequestManager = {
    handle: async (request) => {
      requests.push(request)
      return answer(request)
    },
  }
  return { manager, requests }
}

/** A manager whose answers never come, until the signal is aborted. */
function hangingManager() {
  let begin: () => void
  let abort: () => void
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const aborted = new Promise<void>((resolve) => (abort = resolve))
  const manager: RequestManager = {
    handle: (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          abort()
          reject(signal.reason as Error)
        })
        begin()
      }),
  }
  return { manager, begun, aborted }
}

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}` }
}

const quiet = { onError: () => {} }

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
    ])('is what getUser says: %s', async (_what, user, expected) => {
      const { manager, requests } = stubManager()
      await call(manager, { url, user: { id: 'other' } } as RequestOptions, {
        getUser: async () => user,
      })
      expect(requests[0]?.user).toBe(expected)
    })

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

  describe('a write that another site makes the browser send', () => {
    const url = '/api/platform/databases'
    const headers = { 'sec-fetch-site': 'cross-site' }

    it('is refused', async () => {
      const { manager, requests } = stubManager()
      const res = await call(manager, { method: 'POST', url, headers, body: {} })
      expect(res.statusCode).toBe(403)
      expect(res._getJSONData()).toMatchObject({ error: { code: 'OPERATION_NOT_ALLOWED' } })
      expect(requests).toHaveLength(0)
    })

    it('is taken with a token, which no browser adds by itself', async () => {
      const { manager } = stubManager()
      const withToken = { ...headers, authorization: 'Bearer t' }
      const res = await call(manager, { method: 'POST', url, headers: withToken, body: {} })
      expect(res.statusCode).toBe(200)
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

describe('createApiHandler on node:http', () => {
  it('reads the body from the stream, and sends bytes', async () => {
    const { manager, requests } = stubManager(() => json({ data: 'žluť' }))
    const { url } = await serve(createApiHandler(manager))
    const response = await fetch(`${url}/api/platform/postgres/default/query`, {
      method: 'POST',
      body: '{"query":"select 9007199254740993"}',
    })
    expect(await response.json()).toEqual({ data: 'žluť' })
    expect(String(requests[0]?.body)).toBe('{"query":"select 9007199254740993"}')
    expect(requests[0]?.remoteAddress).toBe('127.0.0.1')
  })

  it('does not wait for a body that was read before it', async () => {
    const { manager, requests } = stubManager()
    const handler = createApiHandler(manager)
    const { url } = await serve((req, res) => req.resume().on('end', () => void handler(req, res)))
    const response = await fetch(`${url}/api/platform/databases`, { method: 'POST', body: 'x' })
    expect(response.status).toBe(200)
    expect(requests[0]?.body).toBeUndefined()
  })

  it('refuses a body by its declared length, before it is sent', async () => {
    const { manager, requests } = stubManager()
    const { port } = await serve(createApiHandler(manager, { maxBodyBytes: 10 }))
    const request = httpRequest({
      port,
      method: 'POST',
      path: '/api/platform/databases',
      headers: { 'content-length': 1e9 },
    })
    request.on('error', () => {})
    request.flushHeaders()
    const [response] = (await once(request, 'response')) as [{ statusCode: number }]
    expect(response.statusCode).toBe(413)
    expect(requests).toHaveLength(0)
    request.destroy()
  })

  it('refuses a body of undeclared length when the limit is reached', async () => {
    const { manager, requests } = stubManager()
    const { port } = await serve(createApiHandler(manager, { maxBodyBytes: 10 }))
    const request = httpRequest({ port, method: 'POST', path: '/api/platform/databases' })
    request.on('error', () => {})
    request.write('0123456789')
    request.write('0123456789')
    const [response] = (await once(request, 'response')) as [{ statusCode: number }]
    expect(response.statusCode).toBe(413)
    expect(requests).toHaveLength(0)
    request.destroy()
  })

  it('ends the work when the client disconnects', async () => {
    const { manager, begun, aborted } = hangingManager()
    const { port } = await serve(createApiHandler(manager))
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /api/platform/databases HTTP/1.1\r\nHost: x\r\n\r\n')
    await begun
    socket.destroy()
    await aborted
  })

  it('does no work for a client that left while it sent its body', async () => {
    const { manager, requests } = stubManager()
    const onError = jest.fn()
    const handler = createApiHandler(manager, { onError })
    const ended = new Promise<void>((resolve) => {
      void serve(async (req, res) => {
        req.once('data', () => socket.destroy())
        await handler(req, res)
        resolve()
      }).then(({ port }) => {
        socket = connect(port, '127.0.0.1')
        socket.write(
          'POST /api/platform/databases HTTP/1.1\r\nHost: x\r\ncontent-length: 9\r\n\r\n{'
        )
      })
    })
    let socket: ReturnType<typeof connect>
    await ended
    expect(requests).toHaveLength(0)
    expect(onError).not.toHaveBeenCalled()
  })

  it('does not abort what was answered, when the connection closes later', async () => {
    let signal: AbortSignal | undefined
    const manager: RequestManager = {
      handle: async (_request, given) => {
        signal = given
        return json({})
      },
    }
    const { url } = await serve(createApiHandler(manager))
    const response = await fetch(`${url}/api/platform/databases`, {
      headers: { connection: 'close' },
    })
    await response.text()
    expect(signal?.aborted).toBe(false)
  })

  it('stands in front of another handler and takes its own paths only', async () => {
    const { manager } = stubManager(() => json({ ours: true }))
    const handler = createApiHandler(manager, {
      fallthrough: (_req, res) => res.end('{"ours":false}'),
    })
    const { url } = await serve(handler)
    const ours = async (path: string) =>
      ((await (await fetch(url + path)).json()) as { ours: boolean }).ours
    for (const type of ['redis', 'mongodb', 'postgres', 'bun', 'databases', 'multidb']) {
      expect([type, await ours(`/api/platform/${type}/x`)]).toEqual([type, true])
    }
    expect(await ours('/api/platform/databases')).toBe(true)
    expect(await ours('/api/platform/databases?type=redis')).toBe(true)
    for (const path of ['/', '/api/platform/redisx', '/api/platform/pg-meta/default/query']) {
      expect([path, await ours(path)]).toEqual([path, false])
    }
  })
})

describe('createWebHandler', () => {
  const url = 'http://studio/api/platform/redis/default/keys/a%2Fb?x=%2F'

  it('hands over a Request and returns a Response', async () => {
    const { manager, requests } = stubManager(() => json({ data: 'ž' }, 201))
    const handler = createWebHandler(manager, {
      getUser: () => 'u1',
      getRemoteAddress: () => '192.0.2.1',
    })
    const body = '{"value":9007199254740993}'
    const response = await handler(new Request(url, { method: 'POST', body }))
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({ data: 'ž' })
    expect(requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/platform/redis/default/keys/a%2Fb',
      query: 'x=%2F',
      user: 'u1',
      remoteAddress: '192.0.2.1',
    })
    expect(String(requests[0]?.body)).toBe(body)
  })

  it('answers HEAD and OPTIONS without a body', async () => {
    const { manager } = stubManager(({ method }) =>
      method === 'OPTIONS' ? json({}, 405, { allow: 'GET' }) : json({ data: [] })
    )
    const handler = createWebHandler(manager)
    const head = await handler(new Request(url, { method: 'HEAD' }))
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '11'])
    expect(await head.text()).toBe('')
    const options = await handler(new Request(url, { method: 'OPTIONS' }))
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
  })

  it('refuses a streamed body when the limit is reached', async () => {
    const { manager, requests } = stubManager()
    const handler = createWebHandler(manager, { maxBodyBytes: 10 })
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(8)),
    })
    const init = { method: 'POST', body: endless, duplex: 'half' as const }
    const response = await handler(new Request(url, init))
    expect(response.status).toBe(413)
    expect(requests).toHaveLength(0)
  })

  it('ends the work when the request is aborted', async () => {
    const { manager, begun, aborted } = hangingManager()
    const client = new AbortController()
    const answer = createWebHandler(manager)(new Request(url, { signal: client.signal }))
    await begun
    client.abort()
    await aborted
    expect((await answer).status).toBe(499)
  })

  it('never rejects', async () => {
    const handler = createWebHandler({ handle: () => Promise.reject(new Error('broken')) }, quiet)
    const response = await handler(new Request(url))
    expect(response.status).toBe(500)
    expect(await response.json()).toMatchObject({ error: { code: 'INTERNAL_ERROR' } })
  })
})
