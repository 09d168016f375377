import { ConnectionManager, type PubSubRecord, type RedisDatabase } from 'studio-multidb'
import { eventually } from './support/processes'
import { released, sharedStack } from './support/stack'

const stack = sharedStack()
/** Others use channels of the same server. */
const name = (text: string) => `pubsub-${process.pid}-${text}`
let redis: RedisDatabase

beforeAll(() => {
  redis = stack.manager.redis(stack.ids.redis)
})

test('records come as they are published, until the loop is left', async () => {
  const seen: PubSubRecord[] = []
  for await (const record of redis.pubsub.subscribe({
    channels: [name('a')],
    patterns: [name('b*')],
  })) {
    seen.push(record)
    if (seen.length === 2) {
      const published = await redis.pubsub.publish(name('a'), 'text')
      expect(published).toEqual({ subscribers_reached: 1, counted_on: 'server' })
      await redis.pubsub.publish(name('b1'), { $binary: { base64: '/w==' } })
    }
    if (seen.length === 4) break
  }
  expect(seen.slice(2)).toEqual([
    { type: 'message', channel: name('a'), data: 'text' },
    {
      type: 'message',
      channel: name('b1'),
      pattern: name('b*'),
      data: { $binary: { base64: '/w==' } },
    },
  ])
  await released(stack, stack.ids.redis)
})

test('a subscription changes while it is read, and ends when it is closed', async () => {
  const subscription = redis.pubsub.subscribe({ channels: [name('a')] })
  const seen: unknown[] = []
  for await (const record of subscription) {
    seen.push(record)
    if (seen.length === 1)
      subscription.subscribe({ channels: [name('b'), { $binary: { base64: '/w==' } }] })
    if (seen.length === 3) subscription.unsubscribe({ channels: [name('a')] })
    if (seen.length === 4) subscription.close()
  }
  expect(seen).toEqual([
    { type: 'subscribed', channel: name('a') },
    { type: 'subscribed', channel: name('b') },
    { type: 'subscribed', channel: { $binary: { base64: '/w==' } } },
    { type: 'unsubscribed', channel: name('a') },
  ])
  await released(stack, stack.ids.redis)
})

test('an aborted signal ends it with its reason', async () => {
  const controller = new AbortController()
  const reading = (async () => {
    for await (const _ of redis.pubsub.subscribe({ channels: [name('a')] }, controller)) {
      controller.abort(new Error('enough'))
    }
  })()
  await expect(reading).rejects.toThrow('enough')
  await released(stack, stack.ids.redis)
})

test('channels are listed with who listens here', async () => {
  const subscription = redis.pubsub.subscribe({
    channels: [name('listed')],
    patterns: [name('listed*')],
  })
  for await (const { type } of subscription) {
    if (type === 'subscribed') break
  }
  const other = redis.pubsub.subscribe({ channels: [name('listed')] })[Symbol.asyncIterator]()
  await other.next()
  const page = await redis.pubsub.channels({ pattern: name('listed*') })
  expect(page).toMatchObject({
    channels: [{ channel: name('listed'), subscribers: 1, subscribers_here: 1, pattern: false }],
    total: 1,
    cursor: '0',
    may_be_incomplete: false,
    warnings: [],
  })
  await other.return(undefined)
  await released(stack, stack.ids.redis)
})

test('what is wrong is told by the first record that is asked for', async () => {
  const none = stack.manager.redis('00000000-0000-0000-0000-000000000000')
  const reading = none.pubsub
    .subscribe({ channels: [name('a')] })
    [Symbol.asyncIterator]()
    .next()
  await expect(reading).rejects.toMatchObject({ code: 'DB_NOT_FOUND' })
})

test('a shutdown ends it', async () => {
  const manager = new ConnectionManager({ ...stack.options, requestTimeoutMs: 24_000 })
  const records = manager.redis(stack.ids.redis).pubsub.subscribe({ channels: [name('ends')] })
  const reading = (async () => {
    let count = 0
    for await (const _ of records) count++
    return count
  })()
  await eventually('a subscriber', async () => {
    const { channels } = await redis.pubsub.channels({ pattern: name('ends') })
    return channels.length === 1
  })
  await manager.shutdown(5000)
  expect(await reading).toBe(1)
})
