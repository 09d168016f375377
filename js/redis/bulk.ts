import { type Binding, type CallOptions, invoke } from '../invoke'
import { records } from '../stream'
import type { RedisText } from './values'

/** Which keys: these, or those that fit a pattern, are of a type, or both. */
export type KeySelection =
  { keys: RedisText[] } | { pattern: RedisText; type?: string } | { type: string }

/** How bulk work is done. */
export interface BulkOptions {
  /**
   * Needed where the pattern is made of wildcards alone, such as `*`, where nine tenths of the
   * database's keys or more fit, and where most do and the pattern does not say what their names begin
   * with.
   */
  confirm?: boolean
  /** Only counts what would be done, and shows the first keys. */
  dry_run?: boolean
  /** For a dry run: looks at about so many keys and estimates the rest. */
  sample?: number
}

/** How keys are copied. */
export interface BulkCopyOptions extends BulkOptions {
  /** What happens to keys that are there: they stay (default), are replaced, or end the copy. */
  on_conflict?: 'skip' | 'replace' | 'fail'
}

/** Counts of keys. `matched` is the sum of the four after it. */
export interface BulkCounts {
  examined: number
  matched: number
  done: number
  /** There was nothing to do; of a copy: it was there already, or gone or over meanwhile. */
  skipped: number
  failed: number
  /** The answer was lost: it may or may not have been done, and is not sent again. */
  unknown: number
  /** Milliseconds of the last chunk, and of one when nothing is slow. */
  round_trip_ms: number
  baseline_ms: number
  /** Milliseconds waited so far because the server had become slow. */
  throttled_ms: number
}

/** What bulk work tells, in this order; each record has one of these members. */
export interface BulkRecord {
  /** The first record: names the work for `stop`. */
  job?: string
  action?: string
  dry_run?: boolean
  /** Keys that there are, where the user may know. */
  keyspace?: number | null
  /** A key that would be changed or copied. */
  preview?: { key: RedisText; type: string; expires_at: number | null; size: number | null }
  progress?: BulkCounts & { node: string | null }
  /** A key that could not be changed or copied, or of which that is unknown. */
  problem?: { key: RedisText; outcome: string; code: string; message: string }
  /** The last record: exactly what was done. */
  end?: BulkCounts & {
    ended_by: 'completion' | 'sample' | 'stop' | 'shutdown' | 'leaving' | 'failure'
    may_be_incomplete: boolean
    /** Each key was counted once; with more than 900,000, one that was met twice may count twice. */
    exact: boolean
    estimated?: number
    problems_untold: number
  }
}

/**
 * Changes of many keys, with progress: `for await (const record of redis.bulk.delete(…))`. Leaving
 * the loop ends the work after the chunk under way; `stop` does so too and lets the loop hear what
 * was done.
 */
export class RedisBulk {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** Deletes keys, with `UNLINK` where the user may. */
  delete(keys: KeySelection, options: BulkOptions = {}, call?: CallOptions) {
    return this.#run({ ...keys, ...options, action: 'delete' }, call)
  }

  /** Sets the seconds that keys have left. */
  expire(keys: KeySelection, ttl: number, options: BulkOptions = {}, call?: CallOptions) {
    return this.#run({ ...keys, ...options, action: 'expire', ttl }, call)
  }

  /** Lets keys live on. */
  persist(keys: KeySelection, options: BulkOptions = {}, call?: CallOptions) {
    return this.#run({ ...keys, ...options, action: 'persist' }, call)
  }

  /**
   * Copies keys to another Redis connection of the project, by its id, with the times at which they
   * expire. Needs write permission there; a dry run needs to read there.
   */
  copy(keys: KeySelection, to: string, options: BulkCopyOptions = {}, call?: CallOptions) {
    return this.#run({ ...keys, ...options, action: 'copy', to }, call)
  }

  /** Asks work to stop after the step under way; its own last record says what was done. */
  stop(job: string, call?: CallOptions): Promise<{ job: string; stopping: boolean }> {
    return invoke(this.#binding, 'redis.jobs.stop', { job }, call)
  }

  #run(input: object, call?: CallOptions): AsyncGenerator<BulkRecord> {
    return records(this.#binding, 'redis.bulk', input, call)
  }
}
