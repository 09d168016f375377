import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Input } from '../../core/operations'

/** A server, or the servers of a cluster. The `server` of a Redis connection. */
export class RedisServer extends Client {
  /** What the server says of itself; of a cluster also per node. */
  info(call?: CallOptions) {
    return this.binding.call('redis.info', {}, call)
  }

  /** Figures that change. */
  stats(call?: CallOptions) {
    return this.binding.call('redis.stats', {}, call)
  }

  /** The same every `interval` seconds, with what happened in between, until the loop is left. */
  watchStats(interval = 1, call?: CallOptions) {
    return this.binding.records('redis.stats', { interval }, call)
  }

  /** How many keys each database has. */
  databases(call?: CallOptions) {
    return this.binding.call('redis.databases', {}, call)
  }

  /** The log of slow commands, the latest first. */
  slowLog(options: Input<'redis.slowlog'> = {}, call?: CallOptions) {
    return this.binding.call('redis.slowlog', options, call)
  }

  /** A page of who is connected; the last page has cursor `"0"`. */
  clients(options: Input<'redis.clients'> = {}, call?: CallOptions) {
    return this.binding.call('redis.clients', options, call)
  }

  /** The settings; secrets that are set are `(redacted)`. */
  config(options: Input<'redis.config'> = {}, call?: CallOptions) {
    return this.binding.call('redis.config', options, call)
  }

  /** What takes the memory: a sample within a budget, extrapolated. */
  memory(options: Input<'redis.memory'> = {}, call?: CallOptions) {
    return this.binding.call('redis.memory', options, call)
  }

  /** The same while it is measured, to the end of the keyspace unless a budget is given. */
  watchMemory(options: Input<'redis.memory'> = {}, call?: CallOptions) {
    return this.binding.records('redis.memory', options, call)
  }
}
