import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestListener,
  type Server,
} from 'node:http'
import { connect } from 'node:net'
import { createApiHandler, type RequestManager } from 'studio-multidb/next'
import { listen } from '../support/listen'
import { hangingManager, json, stubManager } from './stub'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  servers.push(server)
  const port = await listen(server)
  return { port, url: `http://127.0.0.1:${port}` }
}

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

  it('changes nothing by a URL that it came too late to see as it was sent', async () => {
    const { manager, requests } = stubManager()
    let handler: ReturnType<typeof createApiHandler> | undefined
    // A route that is loaded by the first request for it, which has had its dots walked.
    const { url, port } = await serve((req, res) => {
      req.url = new URL(req.url ?? '/', 'http://localhost').pathname
      if (!handler) {
        jest.isolateModules(() => {
          const fresh =
            jest.requireActual<typeof import('studio-multidb/next')>('studio-multidb/next')
          handler = fresh.createApiHandler(manager)
        })
      }
      void handler?.(req, res)
    })
    const walked = '/api/platform/redis/default/keys/x/../victim'
    const ask = async () => {
      const request = httpRequest({ port, method: 'DELETE', path: walked }).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      let text = ''
      for await (const chunk of response) text += String(chunk)
      return { response, text }
    }
    const { response, text } = await ask()
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '0'])
    expect(JSON.parse(text).error).toMatchObject({
      code: 'DB_CONNECTION_FAILED',
      retryable: true,
      outcome: 'not_applied',
    })
    expect(requests).toHaveLength(0)
    // Sent again it is passed on as it was sent, for the core to refuse; others are served.
    await ask()
    expect(requests.map(({ path }) => path)).toEqual([walked])
    const plain = '/api/platform/redis/default/keys/victim'
    expect((await fetch(url + plain, { method: 'DELETE' })).status).toBe(200)
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

  it('waits for a slow reader as often as it must, and leaves no listeners behind', async () => {
    const chunks = Array.from({ length: 200 }, () => Buffer.alloc(64 * 1024))
    const stream = { next: async () => chunks.shift() ?? null, cancel: () => {} }
    const { manager } = stubManager(() => ({ ...json({}), body: Buffer.alloc(0), stream }) as never)
    const handler = createApiHandler(manager)
    const listeners: number[] = []
    const { port } = await serve((req, res) => {
      const note = () => listeners.push(res.listenerCount('close') + res.listenerCount('drain'))
      const { write } = res
      res.write = ((chunk: Buffer) => (note(), write.call(res, chunk, 'utf8'))) as typeof res.write
      void handler(req, res)
    })
    const response = await fetch(`http://127.0.0.1:${port}/api/platform/databases`)
    let read = 0
    for await (const chunk of response.body!) {
      read += (chunk as Uint8Array).length
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(read).toBe(200 * 64 * 1024)
    expect(listeners).toHaveLength(200)
    expect(new Set(listeners).size).toBe(1)
  })
})
