import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Answer, Input } from '../../core/operations'
import type { UploadSource } from '../../core/stream'
import { Batcher } from './batcher'
import { RedisBulk } from './bulk'
import { type CommandOptions, type RedisArgument, toCommand, toOptions } from './command'
import { RedisKeys } from './keys'
import { plain, type PlainReply } from './plain'
import { RedisPubSub } from './pubsub'
import { RedisServer } from './server'
import type { RedisInteger, RedisText } from './values'

/** Which keys to export: by pattern or type, or a list; all without any. */
export type RedisExportOptions = Input<'redis.export'> | Input<'redis.export.keys'>

/** One Redis or Valkey connection. Made by `manager.redis(id)`. */
export class RedisDatabase extends Client {
  readonly #batch = new Batcher(this.binding)
  /** Keys: browsing, reading and editing them. */
  readonly keys = new RedisKeys(this.binding)
  /** Changes of many keys, with progress. */
  readonly bulk = new RedisBulk(this.binding)
  /** The server as a whole. */
  readonly server = new RedisServer(this.binding)
  /** Channels. */
  readonly pubsub = new RedisPubSub(this.binding)

  /** All keys, page by page, with `SCAN`. A key may come more than once. */
  async *scan(options: Input<'redis.keys.list', 'cursor'> = {}, call?: CallOptions) {
    let cursor: RedisText = '0'
    do {
      const page: Answer<'redis.keys.list'> = await this.keys.list({ ...options, cursor }, call)
      yield* page.keys
      cursor = page.cursor
    } while (cursor !== '0')
  }

  /**
   * Keys with their values, as lines of JSON: all, those that fit, or a list. Write the bytes to a file;
   * the last checkpoint's `cursor` goes on where an export was cut off.
   */
  async *export(options: RedisExportOptions = {}, call?: CallOptions): AsyncGenerator<Buffer> {
    yield* await ('keys' in options && options.keys
      ? this.binding.open('redis.export.keys', options, call)
      : this.binding.open('redis.export', options, call))
  }

  /** Writes the keys of an export, and tells of the progress and of each line that is refused. */
  import(source: UploadSource, options: Input<'redis.import'> = {}, call?: CallOptions) {
    return this.binding.records('redis.import', options, call, source)
  }

  /**
   * Runs one command, given as its words or as a line that is read as `redis-cli` reads it. What is
   * allowed is decided by the table of commands. With `plain` it answers the reply alone, in
   * JavaScript's own values: a string, a number (`bigint` past 2^53), an array, an object.
   */
  command<T = PlainReply>(
    command: string | readonly RedisArgument[],
    options: CommandOptions & { plain: true },
    call?: CallOptions
  ): Promise<T>
  command(
    command: string | readonly RedisArgument[],
    options?: CommandOptions & { plain?: false },
    call?: CallOptions
  ): Promise<Answer<'redis.command'>>
  async command(
    command: string | readonly RedisArgument[],
    options: CommandOptions & { plain?: boolean } = {},
    call?: CallOptions
  ): Promise<unknown> {
    const input = { ...toCommand(command), ...toOptions(options) }
    const result = await this.binding.call('redis.command', input, call)
    return options.plain ? plain(result.reply) : result
  }

  // The calls below are batched: all of one tick are one crossing and one pipeline.

  /** The value of a string key; `null` where there is none. */
  get(key: RedisText): Promise<RedisText | null> {
    return this.#batch.send('GET', key)
  }

  /** Sets a string key. */
  set(key: RedisText, value: RedisText, options: { ttl?: number } = {}): Promise<'OK'> {
    return options.ttl === undefined
      ? this.#batch.send('SET', key, value)
      : this.#batch.send('SET', key, value, 'EX', String(options.ttl))
  }

  /** Removes a key; resolves with how many were there. */
  del(key: RedisText): Promise<number> {
    return this.#batch.send('UNLINK', key)
  }

  /** Whether a key exists: 1 or 0. */
  exists(key: RedisText): Promise<number> {
    return this.#batch.send('EXISTS', key)
  }

  /** Seconds until a key expires; −1 never, −2 no such key. */
  ttl(key: RedisText): Promise<number> {
    return this.#batch.send('TTL', key)
  }

  /** The type of a key; `none` where there is none. */
  type(key: RedisText): Promise<string> {
    return this.#batch.send('TYPE', key)
  }

  /** Adds to a number. */
  incrBy(key: RedisText, by = 1): Promise<RedisInteger> {
    return this.#batch.send('INCRBY', key, String(by))
  }

  /** One field of a hash; `null` where there is none. */
  hget(key: RedisText, field: RedisText): Promise<RedisText | null> {
    return this.#batch.send('HGET', key, field)
  }

  /** Sets one field of a hash; 1 where the field is new. */
  hset(key: RedisText, field: RedisText, value: RedisText): Promise<number> {
    return this.#batch.send('HSET', key, field, value)
  }

  /** All fields of a hash. */
  hgetall(key: RedisText): Promise<Record<string, RedisText>> {
    return this.#batch.send('HGETALL', key)
  }
}
