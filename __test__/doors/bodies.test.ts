// Bodies that are long, or stop arriving: who may not send one is told before it is read, and of those
// that stop only so much is kept, and not for ever.

import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { ConnectionManager } from 'studio-multidb'
import { required } from '../support/stack'
import { eventually } from '../support/processes'
import { type Door, doors, openDoors } from './servers'

const MIB = 1 << 20
const SAID = 62 * MIB
const key = `bodies-${randomUUID()}`
const set = '/api/platform/redis/default/set'
let manager: ConnectionManager
let hasty: ConnectionManager
type Open = Awaited<ReturnType<typeof openDoors>>
let open: Open
let hastyOpen: Open
const sockets: Sending[] = []

beforeAll(async () => {
  const options = {
    redisUrl: required('TEST_REDIS_URL'),
    rateLimit: 'off',
    logLevel: 'off',
    requestTimeoutMs: 100_000,
  } as const
  manager = new ConnectionManager(options)
  open = await openDoors(manager, {})
  hasty = new ConnectionManager({ ...options, requestTimeoutMs: 3000 })
  hastyOpen = await openDoors(hasty, {})
})

afterAll(async () => {
  for (const { socket } of sockets) socket.destroy()
  open?.close()
  hastyOpen?.close()
  await manager?.redis('default').del(key)
  await Promise.all([manager?.shutdown(1000), hasty?.shutdown(1000)])
})

interface Sending {
  socket: Socket
  answer: string
}

/** Begins a request whose body says it is long, and sends so much of it. */
async function begin(
  port: number,
  path: string,
  headers: Record<string, string>,
  bytes: number,
  said = SAID
): Promise<Sending> {
  const socket = connect(port, '127.0.0.1')
  const sending: Sending = { socket, answer: '' }
  sockets.push(sending)
  socket.on('error', () => {})
  const lines = Object.entries({ host: `localhost:${port}`, ...headers })
  const head = lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')
  socket.write(`POST ${path} HTTP/1.1\r\n${head}\r\ncontent-length: ${said}\r\n\r\n`)
  const piece = Buffer.alloc(MIB, ' ')
  for (let sent = 0; sent < bytes && !socket.destroyed; sent += piece.length) {
    if (!socket.write(piece)) await drained(socket)
  }
  // Only then does it read, as simple clients do.
  socket.on('data', (data) => (sending.answer += data.toString('latin1')))
  return sending
}

/** Or not, where nobody reads. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      socket.off('drain', done)
      resolve()
    }
    const timer = setTimeout(done, 500)
    socket.on('drain', done)
  })
}

const status = ({ answer }: Sending) => Number(answer.split(' ', 2)[1] ?? 0)
const json = { 'content-type': 'application/json' }

describe.each(doors)('%s', (door) => {
  it.each([
    ['of another site', set, { ...json, origin: 'https://evil.example' }, 403],
    ['of a type that forms have', set, { 'content-type': 'text/plain' }, 415],
    ['for an endpoint that is not there', '/api/platform/nowhere', json, 404],
  ])('refuses one %s before it is read', async (_, path, headers, expected) => {
    const sending = await begin(open.ports[door], path, headers, 0)
    await eventually('an answer', async () => status(sending) > 0)
    expect([status(sending), sending.answer]).toEqual([expected, expect.anything()])
  })

  it('takes a long one whole', async () => {
    const value = 'x'.repeat(3 * MIB)
    const url = `http://localhost:${open.ports[door]}${set}`
    const send = (body: string) => fetch(url, { method: 'POST', headers: json, body })
    const taken = await send(JSON.stringify({ key, value }))
    expect(taken.status).toBe(200)
    expect(await manager.redis('default').get(key)).toBe(value)
    const chunked = new ReadableStream({
      start(controller) {
        const text = JSON.stringify({ key, value: 'y'.repeat(MIB) })
        controller.enqueue(Buffer.from(text.slice(0, 1000)))
        controller.enqueue(Buffer.from(text.slice(1000)))
        controller.close()
      },
    })
    const init = { method: 'POST', headers: json, body: chunked, duplex: 'half' }
    expect((await fetch(url, init as RequestInit)).status).toBe(200)
    expect(await manager.redis('default').get(key)).toBe('y'.repeat(MIB))
  })

  it('keeps so much of those that stop', async () => {
    const all = Array.from({ length: 10 }, () => begin(open.ports[door], set, json, 50 * MIB))
    const sendings = await Promise.all(all)
    // Without users all share what the process keeps: 256 MiB.
    const refused = () => sendings.filter((sending) => status(sending) > 0).map(status)
    await eventually('some being refused', async () => refused().length > 2)
    expect(new Set(refused())).toEqual(new Set([413]))
    for (const { socket } of sendings) socket.destroy()
    // Whoever sends one whole is served again.
    expect(await manager.redis('default').get(key)).toBe('y'.repeat(MIB))
  }, 100_000)

  it('gives those up that stop', async () => {
    const all = Array.from({ length: 3 }, () => begin(hastyOpen.ports[door], set, json, MIB))
    const sendings = await Promise.all(all)
    await eventually('an answer to each', async () => sendings.every((sending) => status(sending)))
    for (const code of sendings.map(status)) expect(code).toBeGreaterThanOrEqual(400)
    expect(await hasty.redis('default').get(key)).toBe('y'.repeat(MIB))
  }, 100_000)
})

// How a server of `Request`s treats its sockets is its own.
it.each(['node:http', 'next'] as const)(
  '%s hangs up once its answer could be read',
  async (door) => {
    const port = open.ports[door]
    const all = Array.from({ length: 5 }, () => begin(port, set, json, 30 * MIB, 80 * MIB))
    const sendings = await Promise.all(all)
    await eventually('an answer to each', async () => sendings.every((sending) => status(sending)))
    expect(sendings.map(status)).toEqual([413, 413, 413, 413, 413])
    await eventually('the end', async () => sendings.every(({ socket }) => socket.destroyed))
  }
)
