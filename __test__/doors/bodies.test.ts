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
let open: Awaited<ReturnType<typeof openDoors>>
const sockets: Sending[] = []

beforeAll(async () => {
  manager = new ConnectionManager({
    redisUrl: required('TEST_REDIS_URL'),
    rateLimit: 'off',
    logLevel: 'off',
    requestTimeoutMs: 3000,
  })
  open = await openDoors(manager, {})
})

afterAll(async () => {
  for (const { socket } of sockets) socket.destroy()
  open?.close()
  await manager?.redis('default').del(key)
  await manager?.shutdown(1000)
})

interface Sending {
  socket: Socket
  answer: string
}

/** Begins a request whose body says it is long, and sends so much of it. */
async function begin(
  door: Door,
  path: string,
  headers: Record<string, string>,
  bytes: number,
  said = SAID
): Promise<Sending> {
  const port = open.ports[door]
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
    const sending = await begin(door, path, headers, 0)
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

  it('keeps so much of those that stop, and gives them up', async () => {
    const all = Array.from({ length: 10 }, () => begin(door, set, json, 50 * MIB))
    const sendings = await Promise.all(all)
    await eventually(
      'all of them being given up',
      async () => sendings.every((sending) => status(sending) > 0),
      30_000
    )
    // Without users all share what the process keeps: 256 MiB.
    expect(sendings.filter((sending) => status(sending) === 413).length).toBeGreaterThan(2)
    const others = sendings.map(status).filter((code) => code !== 413)
    expect(others.every((code) => code >= 400)).toBe(true)
    // Whoever sends one whole is served again.
    expect(await manager.redis('default').get(key)).toBe('y'.repeat(MIB))
  }, 60_000)
})

// How a server of `Request`s treats its sockets is its own.
it.each(['node:http', 'next'] as const)(
  '%s hangs up once its answer could be read',
  async (door) => {
    const all = Array.from({ length: 5 }, () => begin(door, set, json, 30 * MIB, 80 * MIB))
    const sendings = await Promise.all(all)
    await eventually('an answer to each', async () => sendings.every((sending) => status(sending)))
    expect(sendings.map(status)).toEqual([413, 413, 413, 413, 413])
    await eventually('the end', async () => sendings.every(({ socket }) => socket.destroyed))
  }
)
