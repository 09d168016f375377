import { type Binding, type CallOptions, invoke } from '../invoke'
import { records } from '../stream'
import type { RedisText } from './values'

/** What to subscribe to. */
export interface RedisTopics {
  channels?: RedisText[]
  /** Glob patterns of channels. */
  patterns?: RedisText[]
  /** Sharded channels, which live on one node of a cluster. */
  shard_channels?: RedisText[]
}

/** Which topic a record is about. */
export interface RedisTopicName {
  channel?: RedisText
  pattern?: RedisText
  sharded?: true
}

/** A message as it was published; `pattern` is the one by which it came, if it came by one. */
export interface PubSubMessage extends RedisTopicName {
  type: 'message'
  channel: RedisText
  data: RedisText
}

/** From here on messages of the topic arrive, or no longer do. */
export interface SubscriptionChange extends RedisTopicName {
  type: 'subscribed' | 'unsubscribed'
}

/**
 * Messages are missing here. `slow_reader`: so many were dropped, because they came faster than they
 * were read. `reconnected`: the server was lost for a while, and nobody knows how many it were.
 * `too_large`: one had nearly 32 MiB or more, and was not read.
 */
export interface PubSubGap extends RedisTopicName {
  type: 'gap'
  dropped: number | null
  reason: 'slow_reader' | 'reconnected' | 'too_large'
}

/** A topic was refused, or a request made no sense (`error`); the server can't be heard for now and
 * is tried again (`disconnected`). */
export interface PubSubTrouble extends RedisTopicName {
  type: 'error' | 'disconnected'
  code: string
  message: string
}

/** What a subscriber reads. */
export type PubSubRecord = PubSubMessage | SubscriptionChange | PubSubGap | PubSubTrouble

/** One channel of a page. */
export interface ChannelSummary {
  channel: RedisText
  /** As the server counts; `null` where it can't be known. */
  subscribers: number | null
  /** A pattern. The server names none, so these are only the ones that are subscribed to here. */
  pattern: boolean
  sharded: boolean
  /** Those of this process: those of one user share a connection and are one of the server's. */
  subscribers_here: number
}

/** A page of channels; the last page has cursor `"0"`. */
export interface ChannelPage {
  channels: ChannelSummary[]
  /** How many patterns are subscribed to on the server. */
  patterns: number
  /** Channels on all pages. */
  total: number
  cursor: string
  /** A node of the cluster did not answer. */
  may_be_incomplete: boolean
  warnings: Array<{ field: string; code: string; message: string }>
}

/** What became of a message. */
export interface PublishResult {
  subscribers_reached: number
  /** In a cluster only the subscribers of one `node` are counted; all of them get the message. */
  counted_on: 'server' | 'node'
}

/** Channels of one Redis or Valkey connection: `manager.redis(id).pubsub`. */
export class RedisPubSub {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** One page of the channels that have subscribers. */
  channels(
    options: { pattern?: RedisText; cursor?: string; limit?: number } = {},
    call?: CallOptions
  ): Promise<ChannelPage> {
    return invoke(this.#binding, 'redis.pubsub.channels', options, call)
  }

  /** Sends a message: text, bytes, or any other value as JSON. It is never sent twice. */
  publish(
    channel: RedisText,
    message: unknown,
    options: { sharded?: boolean } = {},
    call?: CallOptions
  ): Promise<PublishResult> {
    return invoke(this.#binding, 'redis.pubsub.publish', { ...options, channel, message }, call)
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
    return new RedisSubscription(this.#binding, topics, call)
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
      if (channels?.length) {
        this.#requests.push(JSON.stringify({ type: prefix + verb, channels }))
      }
    }
  }

  async *#read(
    binding: Binding,
    topics: RedisTopics,
    call?: CallOptions
  ): AsyncGenerator<PubSubRecord> {
    try {
      const requests = this.#requests.lines()
      yield* records<PubSubRecord>(binding, 'redis.pubsub.subscribe', topics, call, requests)
    } finally {
      this.#requests.end()
    }
  }
}

/** Requests that wait to be sent. */
class Requests {
  readonly #waiting: string[] = []
  #ended = false
  #wake = () => {}

  push(request: string): void {
    this.#waiting.push(request)
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  async *lines(): AsyncGenerator<string> {
    for (;;) {
      const request = this.#waiting.shift()
      if (request !== undefined) yield `${request}\n`
      else if (this.#ended) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
