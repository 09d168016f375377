// Subscriptions through the death of the server that they are on.

import { startRedisCluster, startSentinel } from '../../scripts/servers/index.mjs'
import type { PubSubRecord, RedisTopics } from 'studio-multidb'
import { eventually } from '../support/processes'
import { sharedBench } from './bench'

const MINUTE = 60_000

const bench = sharedBench()

/** Reads a subscription in the background. */
function listen(id: string, topics: RedisTopics) {
  const records: PubSubRecord[] = []
  const subscription = bench.patient.manager.redis(id).pubsub.subscribe(topics)
  void (async () => {
    for await (const record of subscription) records.push(record)
  })().catch(() => {})
  return {
    records,
    close: () => subscription.close(),
    of: (type: PubSubRecord['type']) => records.filter((record) => record.type === type),
    heard: (data: string) =>
      records.some((record) => record.type === 'message' && record.data === data),
  }
}

/** Publishes until it is heard. */
async function arrives(
  id: string,
  channel: string,
  listener: ReturnType<typeof listen>,
  data: string,
  options = {}
) {
  const { pubsub } = bench.patient.manager.redis(id)
  await eventually(`${data} arriving`, async () => {
    await pubsub.publish(channel, data, options).catch(() => {})
    return listener.heard(data)
  })
}

it(
  'a cluster node that dies takes no subscription with it, and the gap is told',
  async () => {
    const cluster = bench.keep(await startRedisCluster({ nodeTimeoutMs: 1000 }))
    const id = await bench.register('redis', cluster.url.replace('redis:', 'redis+cluster:'))
    const channel = 'dies'
    const listener = listen(id, { channels: [channel], shard_channels: [channel] })
    await eventually('both being subscribed', async () => listener.of('subscribed').length === 2)
    await arrives(id, channel, listener, 'before')
    await arrives(id, channel, listener, 'before, sharded', { sharded: true })

    // Whichever nodes they are on: every primary that has a subscriber.
    const slot = Number(await cluster.nodes[0]!.ask('CLUSTER', 'KEYSLOT', channel))
    const owner = cluster.nodes[Math.floor((slot * 3) / 16_384)]!
    await owner.server.stop()
    await eventually('the gap', async () =>
      listener.records.some((r) => r.type === 'gap' && r.sharded)
    )
    await arrives(id, channel, listener, 'after, sharded', { sharded: true })
    await arrives(id, channel, listener, 'after')
    expect(listener.of('disconnected').length).toBeGreaterThan(0)
    listener.close()
  },
  2 * MINUTE
)

it(
  'a failover of sentinels moves subscriptions to the new primary',
  async () => {
    const sentinel = bench.keep(await startSentinel())
    const [first] = sentinel.sentinels
    const url = `redis+sentinel://127.0.0.1:${first!.port}/${sentinel.name}`
    const id = await bench.register('redis', url)
    const listener = listen(id, { channels: ['moves'] })
    await arrives(id, 'moves', listener, 'before')
    await sentinel.failover()
    await eventually('the gap', async () => listener.of('gap').length > 0)
    await arrives(id, 'moves', listener, 'after')
    listener.close()
  },
  2 * MINUTE
)
