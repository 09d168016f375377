import { ConnectionManager } from 'studio-multidb'
import { request, required, sharedStack } from './support/stack'

const stack = sharedStack({ rateLimit: '10/24h' })

test('a user over the limit is told how long to wait, and another user is not', async () => {
  const ask = (user: string) => stack.api('GET', '/databases', undefined, user)
  const statuses: number[] = []
  for (let i = 0; i < 12; i++) statuses.push((await ask('anna')).status)
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(200))
  const refused = await ask('anna')
  expect(refused.status).toBe(429)
  expect(refused.body.error).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect((await ask('ben')).status).toBe(200)
})

test('instances with a shared Redis count together', async () => {
  const shared = { ...stack.options, sharedRedisUrl: required('TEST_REDIS_URL') }
  // Different timeouts make them two services in one process, as two processes would be.
  const one = new ConnectionManager({ ...shared, requestTimeoutMs: 20_000 })
  const two = new ConnectionManager({ ...shared, requestTimeoutMs: 21_000 })
  const user = `clara-${Date.now()}`
  const ask = (manager: ConnectionManager) => request(manager, 'GET', '/databases', undefined, user)
  for (let i = 0; i < 5; i++) {
    expect((await ask(one)).status).toBe(200)
    expect((await ask(two)).status).toBe(200)
  }
  expect((await ask(one)).status).toBe(429)
  expect((await ask(two)).status).toBe(429)
  await Promise.all([one.shutdown(), two.shutdown()])
})

test('without its shared Redis, reading goes on and writing is refused', async () => {
  const lost = { ...stack.options, sharedRedisUrl: 'redis://127.0.0.1:1' }
  const manager = new ConnectionManager({ ...lost, requestTimeoutMs: 22_000 })
  const read = await request(manager, 'GET', '/databases', undefined, 'dora')
  expect(read.status).toBe(200)
  const path = `/redis/${stack.ids.redis}/keys/limits-test`
  const write = await request(manager, 'POST', path, { value: 'x' }, 'dora')
  expect(write.status).toBe(503)
  expect(write.body.error.outcome).toBe('not_applied')
  await manager.shutdown()
})
