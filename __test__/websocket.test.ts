import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { ConnectionManager } from 'studio-multidb'
import { attachWebSocket, createApiHandler } from 'studio-multidb/next'
import { type ClientOptions, WebSocket } from 'ws'
import { listen } from './support/listen'
import { released, sharedStack, startService } from './support/stack'
import { closing, Messages } from './support/websocket'

const stack = sharedStack()
let studio: Awaited<ReturnType<typeof startService>>
let port: number

beforeAll(async () => {
  studio = await startService(createApiHandler(stack.manager))
  attachWebSocket(studio.server, stack.manager)
  port = studio.port
})

afterAll(() => studio?.close())

const path = (query = '') => `/api/platform/redis/${stack.ids.redis}/pubsub/subscribe?${query}`
const url = (query?: string) => `ws://127.0.0.1:${port}${path(query)}`
const open = (query: string, options?: ClientOptions) =>
  Messages.of(new WebSocket(url(query), options))

async function publish(channel: string, message: unknown) {
  const body = { channel, message }
  const answer = await stack.api('POST', `/redis/${stack.ids.redis}/pubsub/publish`, body)
  expect(answer.status).toBe(200)
}

/** How a handshake was refused. */
async function refusal(options: ClientOptions, target = url('channels=a')) {
  const socket = new WebSocket(target, options)
  const [, response] = await once(socket, 'unexpected-response')
  socket.on('error', () => {}).terminate()
  return response.statusCode as number
}

describe('a subscriber', () => {
  it('gets what is published, and asks for more', async () => {
    const socket = await open('channels=news&patterns=user.*')
    expect(await socket.take(2)).toEqual(
      expect.arrayContaining([
        { type: 'subscribed', channel: 'news' },
        { type: 'subscribed', pattern: 'user.*' },
      ])
    )
    await publish('news', 'hello')
    expect(await socket.next()).toEqual({ type: 'message', channel: 'news', data: 'hello' })
    socket.say({ type: 'subscribe', channels: ['more'] })
    expect(await socket.next()).toEqual({ type: 'subscribed', channel: 'more' })
    await publish('user.1', { name: 'Ada' })
    const data = '{"name":"Ada"}'
    const message = { type: 'message', channel: 'user.1', pattern: 'user.*', data }
    expect(await socket.next()).toEqual(message)
    socket.close(1000)
    expect(await closing(socket)).toEqual({ code: 1000, reason: '' })
    await released(stack, stack.ids.redis)
  })

  it('may vanish without a word', async () => {
    const socket = await open('channels=vanish')
    await socket.next()
    socket.terminate()
    await released(stack, stack.ids.redis)
  })
})

describe('a handshake', () => {
  it('needs an origin of this host, or one that was allowed', async () => {
    const host = `127.0.0.1:${port}`
    expect(await refusal({ origin: 'https://evil.example' })).toBe(403)
    expect(await refusal({ origin: `http://127.0.0.1:${port + 1}` })).toBe(403)
    expect(await refusal({ origin: 'null' })).toBe(403)
    expect(await refusal({ headers: { cookie: 'session=1' } })).toBe(403)
    const allowed = await open('channels=a', { origin: `http://${host}` })
    allowed.terminate()
  })

  it('is answered as any request where something is wrong', async () => {
    expect(await refusal({}, url('chanels=a'))).toBe(400)
    expect(await refusal({}, `ws://127.0.0.1:${port}/api/platform/redis/none/keys`)).toBe(400)
    const plain = await fetch(url('channels=a').replace('ws:', 'http:'))
    expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket'])
  })

  it('that is no handshake gets nothing but an answer', async () => {
    const socket: Socket = connect(port, '127.0.0.1')
    socket.write(
      `GET ${path()} HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n`
    )
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    expect(text).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/)
  })
})

it('a shutdown says goodbye', async () => {
  const manager = new ConnectionManager({ ...stack.options, requestTimeoutMs: 23_000 })
  const own = createServer()
  attachWebSocket(own, manager)
  const target = `ws://127.0.0.1:${await listen(own)}${path('channels=a')}`
  const socket = await Messages.of(new WebSocket(target))
  await socket.next()
  const [end] = await Promise.all([closing(socket), manager.shutdown(5000)])
  expect(end.code).toBe(1001)
  own.close()
})
