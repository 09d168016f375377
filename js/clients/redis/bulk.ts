import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Input } from '../../core/operations'
import type { RedisText } from './values'

/** Which keys: these, or those that fit a pattern, are of a type, or both. */
export type KeySelection =
  { keys: RedisText[] } | { pattern: RedisText; type?: string } | { type: string }

type Options = Input<'redis.bulk', 'action' | 'keys' | 'pattern' | 'type' | 'ttl' | 'to'>

/**
 * Changes of many keys, with progress: `for await (const record of redis.bulk.delete(…))`. Leaving the
 * loop ends the work after the chunk under way; `manager.call('service.jobs.stop', { job })` does so too
 * and lets the loop hear what was done.
 */
export class RedisBulk extends Client {
  /** Deletes keys, with `UNLINK` where the user may. */
  delete(keys: KeySelection, options: Omit<Options, 'on_conflict'> = {}, call?: CallOptions) {
    return this.#run({ ...keys, ...options, action: 'delete' }, call)
  }

  /** Sets the seconds that keys have left. */
  expire(
    keys: KeySelection,
    ttl: number,
    options: Omit<Options, 'on_conflict'> = {},
    call?: CallOptions
  ) {
    return this.#run({ ...keys, ...options, action: 'expire', ttl }, call)
  }

  /** Lets keys live on. */
  persist(keys: KeySelection, options: Omit<Options, 'on_conflict'> = {}, call?: CallOptions) {
    return this.#run({ ...keys, ...options, action: 'persist' }, call)
  }

  /**
   * Copies keys to another Redis connection of the project, by its id, with the times at which they
   * expire. Needs write permission there; a dry run needs to read there.
   */
  copy(keys: KeySelection, to: string, options: Options = {}, call?: CallOptions) {
    return this.#run({ ...keys, ...options, action: 'copy', to }, call)
  }

  #run(input: Input<'redis.bulk'>, call?: CallOptions) {
    return this.binding.records('redis.bulk', input, call)
  }
}
