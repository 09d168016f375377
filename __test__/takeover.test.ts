// `attachWebSocket` and `attachToNext` beside everything else that a server does. The manager is a
// stub that answers a socket with what it was asked.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect } from 'node:net'
import {
  attachToNext,
  attachWebSocket,
  type RequestManager,
  type WebSocketOptions,
} from 'studio-multidb/next'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'
import { createCertificate } from '../scripts/servers/certificates.mjs'
import { listen } from './support/listen'

type Asked = Parameters<RequestManager['handle']>[0]

const path = '/api/platform/redis/default/pubsub/subscribe'
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

function serve(server: Server): Promise<number> {
  servers.push(server)
  return listen(server)
}

/** Accepts every handshake, says one text, and goes on until the client's bytes end. */
function stub(text = 'hello') {
  const asked: Asked[] = []
  const manager: RequestManager = {
    async handle(request, _signal, body) {
      asked.push(request)
      const key = request.headers?.['sec-websocket-key']
      if (!key || !body) return { status: 426, headers: {}, body: Buffer.from('no socket') }
      const accept = createHash('sha1')
        .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64')
      let over: () => void
      const ended = new Promise<void>((resolve) => (over = resolve))
      void (async () => {
        for await (const _ of body);
      })()
        .catch(() => {})
        .finally(() => over())
      const chunks = [Buffer.from([0x81, text.length, ...Buffer.from(text)])]
      const stream = {
        next: async () => chunks.shift() ?? (await ended, null),
        cancel: () => over(),
      }
      const subprotocol = request.headers?.['sec-websocket-protocol']
      return {
        status: 101,
        headers: {
          upgrade: 'websocket',
          connection: 'Upgrade',
          'sec-websocket-accept': accept,
          ...(subprotocol && { 'sec-websocket-protocol': subprotocol }),
        },
        body: Buffer.alloc(0),
        stream: stream as never,
      }
    },
  }
  return { manager, asked }
}

/** The first text that a socket gets, or how it was refused. */
async function first(target: string, protocols: string[] = [], options?: ClientOptions) {
  const socket = new WebSocket(target, protocols, options)
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.once('message', (data) => resolve(String(data)))
      socket.once('unexpected-response', (_, response) => resolve(String(response.statusCode)))
      socket.once('error', reject)
    })
  } finally {
    socket.on('error', () => {}).terminate()
  }
}

describe('attachWebSocket', () => {
  it('takes its own paths before others, also those that came first or come later', async () => {
    const server = createServer()
    const endAll = (_: unknown, socket: { destroy(): void }) => void socket.destroy()
    server.on('upgrade', endAll)
    attachWebSocket(server, stub().manager)
    server.prependListener('upgrade', endAll)
    const port = await serve(server)
    expect(await first(`ws://127.0.0.1:${port}${path}`)).toBe('hello')
    await expect(first(`ws://127.0.0.1:${port}/api/platform/redisx`)).rejects.toThrow()
  })

  it('leaves other sockets to whoever serves them', async () => {
    const server = createServer()
    const others = new WebSocketServer({ server, path: '/other' })
    others.on('connection', (socket) => socket.send('other'))
    attachWebSocket(server, stub().manager)
    const port = await serve(server)
    expect(await first(`ws://127.0.0.1:${port}/other`)).toBe('other')
    expect(await first(`ws://127.0.0.1:${port}${path}`)).toBe('hello')
  })

  it('is one takeover however often it is attached, and none once it is detached', async () => {
    const server = createServer((_req, res) => res.end('plain'))
    const port = await serve(server)
    for (const text of ['one', 'two']) attachWebSocket(server, stub(text).manager)
    const detach = attachWebSocket(server, stub('three').manager)
    expect(await first(`ws://127.0.0.1:${port}${path}`)).toBe('three')
    expect(server.listenerCount('upgrade')).toBe(1)
    detach()
    expect(await first(`ws://127.0.0.1:${port}${path}`)).toBe('200')
  })

  it('answers plainly who offers a protocol that nobody here speaks, body and all', async () => {
    const server = createServer(async (req, res) => {
      let body = ''
      for await (const chunk of req) body += String(chunk)
      res.end(`${req.method} ${req.url} ${body}`)
    })
    attachWebSocket(server, stub().manager)
    const port = await serve(server)
    // As `curl --http2 -d` sends it.
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `POST ${path}?a=%20b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\n` +
        'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 8\r\n\r\nthe '
    )
    await new Promise((resolve) => setImmediate(resolve))
    socket.write('body')
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).toContain(`POST ${path}?a=%20b the body`)
  })

  it('serves https as well', async () => {
    const { cert, key } = await createCertificate('valid')
    const server = createHttpsServer({ cert, key }, (_req, res) => res.end('plain'))
    attachWebSocket(server, stub().manager)
    const port = await serve(server)
    const trusting = { rejectUnauthorized: false, origin: `https://127.0.0.1:${port}` }
    expect(await first(`wss://127.0.0.1:${port}${path}`, [], trusting)).toBe('hello')
    expect(await first(`wss://127.0.0.1:${port}/elsewhere`, [], trusting)).toBe('200')
  })

  it('closes its sockets when the server is closed', async () => {
    const server = createServer()
    attachWebSocket(server, stub().manager)
    const port = await serve(server)
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
    await once(socket, 'message')
    const gone = once(socket, 'close')
    await new Promise((resolve) => server.close(resolve))
    await gone
  })

  it('ends with an answer what fails before it is a socket', async () => {
    const server = createServer()
    const errors: unknown[] = []
    const { manager } = stub()
    const getUser = () => {
      throw new Error('no session store')
    }
    attachWebSocket(server, manager, { getUser, onError: (error) => errors.push(error) })
    const port = await serve(server)
    expect(await first(`ws://127.0.0.1:${port}${path}`)).toBe('500')
    expect(errors).toHaveLength(1)
  })
})

describe('who connects', () => {
  async function asks(options: WebSocketOptions, protocols: string[], client: ClientOptions) {
    const server = createServer()
    const { manager, asked } = stub()
    attachWebSocket(server, manager, options)
    const port = await serve(server)
    const got = await first(`ws://127.0.0.1:${port}${path}`, protocols, client)
    return { got, asked: asked[0], port }
  }

  it('is found by a token, which a page sends as a subprotocol', async () => {
    const seen: Array<string | undefined> = []
    const getUser = ({ headers }: IncomingMessage) => {
      seen.push(headers.authorization)
      return { id: 'ada' }
    }
    const token = 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl-_'
    const { got, asked } = await asks({ getUser }, ['studio-multidb', `bearer.${token}`], {})
    expect([got, seen, asked?.user]).toEqual(['hello', [`Bearer ${token}`], 'ada'])
    expect(JSON.stringify(asked)).not.toContain(token)
  })
})

describe('attachToNext', () => {
  const { PORT } = process.env
  afterEach(() => {
    if (PORT === undefined) delete process.env.PORT
    else process.env.PORT = PORT
  })

  it('finds the server with its first connection, though that asks for a socket', async () => {
    const server = createServer()
    const port = await serve(server)
    process.env.PORT = String(port)
    const detach = attachToNext(stub().manager)
    expect(await first(`ws://127.0.0.1:${port}${path}`)).toBe('hello')
    detach()
  })

  it('finds a server whose connections were there before it', async () => {
    const server = createServer((_req, res) => res.end())
    const port = await serve(server)
    process.env.PORT = String(port)
    const agent = new (await import('node:http')).Agent({ keepAlive: true })
    const ask = async () => {
      const [response] = await once(get({ port, agent }), 'response')
      response.resume()
      await once(response, 'end')
    }
    await ask()
    const detach = attachToNext(stub().manager)
    await ask()
    expect(server.listenerCount('upgrade')).toBe(1)
    detach()
    agent.destroy()
  })

  it("leaves servers alone that are not Next's", async () => {
    const [next, metrics] = [createServer(), createServer((_req, res) => res.end())]
    process.env.PORT = String(await serve(next))
    const detach = attachToNext(stub().manager)
    expect(await first(`ws://127.0.0.1:${await serve(metrics)}${path}`)).toBe('200')
    expect(await first(`ws://127.0.0.1:${process.env.PORT}${path}`)).toBe('hello')
    detach()
  })

  it('replaces itself when it is called again', async () => {
    const server = createServer()
    const port = await serve(server)
    const again = () => attachToNext(stub('again').manager, { port })
    attachToNext(stub('once').manager, { port })
    const detach = again()
    expect(await first(`ws://127.0.0.1:${port}${path}`)).toBe('again')
    expect(server.listenerCount('upgrade')).toBe(1)
    detach()
  })
})
