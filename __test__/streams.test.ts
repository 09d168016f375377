import { request as httpRequest, type IncomingMessage } from 'node:http'
import { bytesOf, ConnectionManager } from 'studio-multidb'
import { createApiHandler, createWebHandler } from 'studio-multidb/next'
import { released, sharedStack, startService } from './support/stack'

const stack = sharedStack()
let studio: Awaited<ReturnType<typeof startService>>

beforeAll(async () => {
  studio = await startService(createApiHandler(stack.manager))
})

afterAll(() => studio?.close())

const statsPath = () => `/api/platform/redis/${stack.ids.redis}/stats`

function get(path: string, accept: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { path, headers: { accept } }
    httpRequest(studio.url, options, resolve).on('error', reject).end()
  })
}

const isReleased = () => released(stack, stack.ids.redis)

test('events arrive while they happen, and leaving ends the work behind them', async () => {
  const response = await get(`${statsPath()}?interval=0.25`, 'text/event-stream')
  expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8')
  expect(response.headers['cache-control']).toBe('no-store, no-transform')
  let text = ''
  for await (const chunk of response) {
    text += String(chunk)
    if (text.split('\n\n').length > 3) break
  }
  const events = text.split('\n\n').slice(0, 3)
  const times = events.map((event) => JSON.parse(event.replace(/^data: /, '')).at as number)
  expect(times[1]! - times[0]!).toBeGreaterThan(100)
  await isReleased()
})

test('without a wish for events the answer is one snapshot', async () => {
  const { status, body } = await stack.api('GET', `/redis/${stack.ids.redis}/stats`)
  expect(status).toBe(200)
  expect(body.data.memory.used_memory).toBeGreaterThan(0)
})

test('what is wrong with the request is told before the stream begins', async () => {
  const response = await get(`${statsPath()}?interval=0`, 'text/event-stream')
  expect(response.statusCode).toBe(400)
  response.resume()
})

test('a typed client reads records until it leaves the loop', async () => {
  let seen = 0
  for await (const record of stack.manager.redis(stack.ids.redis).server.watchStats(0.25)) {
    expect(record.stats).toHaveProperty('ops_per_sec')
    if (++seen === 2) break
  }
  await isReleased()
})

test('an aborted signal ends a typed stream with its reason', async () => {
  const controller = new AbortController()
  const reading = (async () => {
    const call = { signal: controller.signal }
    for await (const _ of stack.manager.redis(stack.ids.redis).server.watchStats(0.25, call)) {
      controller.abort(new Error('enough'))
    }
  })()
  await expect(reading).rejects.toThrow('enough')
  await isReleased()
})

test('a web handler streams, and cancelling its body ends the work', async () => {
  const handler = createWebHandler(stack.manager)
  const request = new Request(`http://localhost${statsPath()}?interval=0.25`, {
    headers: { accept: 'application/x-ndjson' },
  })
  const response = await handler(request)
  const reader = response.body!.getReader()
  const { value } = await reader.read()
  expect(JSON.parse(new TextDecoder().decode(value))).toHaveProperty('memory')
  await reader.cancel()
  await isReleased()
})

test('a shutdown ends streams that have no end of their own', async () => {
  const manager = new ConnectionManager({ ...stack.options, requestTimeoutMs: 23_000 })
  const answer = await manager.handle({
    method: 'GET',
    path: statsPath(),
    headers: { accept: 'application/x-ndjson' },
  })
  const reading = (async () => {
    let bytes = 0
    for await (const chunk of bytesOf(answer.stream!)) bytes += chunk.length
    return bytes
  })()
  await manager.shutdown(5000)
  expect(await reading).toBeGreaterThan(0)
})
