import type { Binding, CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Input, Said, Told } from '../../core/operations'
import type { RedisText } from './values'

/** What to subscribe to. */
export type RedisTopics = Input<'redis.pubsub.subscribe'>

/** What a subscriber reads. */
export type PubSubRecord = Told<'redis.pubsub.subscribe'>

/** Channels of one Redis or Valkey connection: `manager.redis(id).pubsub`. */
export class RedisPubSub extends Client {
  /** One page of the channels that have subscribers. */
  channels(options: Input<'redis.pubsub.channels'> = {}, call?: CallOptions) {
    return this.binding.call('redis.pubsub.channels', options, call)
  }

  /** Sends a message: text, bytes, or any other value as JSON. It is never sent twice. */
  publish(
    channel: RedisText,
    message: unknown,
    options: Input<'redis.pubsub.publish', 'channel' | 'message'> = {},
    call?: CallOptions
  ) {
    return this.binding.call('redis.pubsub.publish', { ...options, channel, message }, call)
  }

  /**
   * Messages as they are published, and what is to be known about them, until the loop is left, the
   * subscription closed or the signal aborted.
   *
   * @example
   * for await (const record of redis.pubsub.subscribe({ channels: ['news'] })) {
   *   if (record.type === 'message') console.log(record.channel, record.data)
   * }
   */
  subscribe(topics: RedisTopics, call?: CallOptions): RedisSubscription {
    return new RedisSubscription(this.binding, topics, call)
  }
}

/** What the commands for each kind of topic begin with: `psubscribe`, `punsubscribe`. */
const KINDS = [
  ['channels', ''],
  ['patterns', 'p'],
  ['shard_channels', 's'],
] as const

/** A subscription, read once. It begins with its first record. */
export class RedisSubscription implements AsyncIterable<PubSubRecord> {
  readonly #requests = new Requests()
  readonly #records: AsyncGenerator<PubSubRecord>

  /** @internal */
  constructor(binding: Binding, topics: RedisTopics, call?: CallOptions) {
    this.#records = this.#read(binding, topics, call)
  }

  [Symbol.asyncIterator](): AsyncGenerator<PubSubRecord> {
    return this.#records
  }

  /** Subscribes to more; a record tells when that is done. */
  subscribe(topics: RedisTopics): void {
    this.#ask('subscribe', topics)
  }

  /** Unsubscribes; a record tells when that is done. */
  unsubscribe(topics: RedisTopics): void {
    this.#ask('unsubscribe', topics)
  }

  /** Ends it: what has arrived is still read, then the loop ends. */
  close(): void {
    this.#requests.end()
  }

  #ask(verb: 'subscribe' | 'unsubscribe', topics: RedisTopics): void {
    for (const [member, prefix] of KINDS) {
      const channels = topics[member]
      if (channels?.length) this.#requests.push({ type: `${prefix}${verb}`, channels })
    }
  }

  async *#read(
    binding: Binding,
    topics: RedisTopics,
    call?: CallOptions
  ): AsyncGenerator<PubSubRecord> {
    try {
      const requests = this.#requests.lines()
      yield* binding.records('redis.pubsub.subscribe', topics, call, requests)
    } finally {
      this.#requests.end()
    }
  }
}

type Request = Said<'redis.pubsub.subscribe'>

/** Requests that wait to be sent. */
class Requests {
  readonly #waiting: string[] = []
  #ended = false
  #wake = () => {}

  push(request: Request): void {
    this.#waiting.push(`${JSON.stringify(request)}\n`)
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  async *lines(): AsyncGenerator<string> {
    for (;;) {
      const request = this.#waiting.shift()
      if (request !== undefined) yield request
      else if (this.#ended) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
