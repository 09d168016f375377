import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Input } from '../../core/operations'

/** The server itself. */
export class MongoServer extends Client {
  /** Version, figures, replica set or shards, and our connections; up to 30 seconds old unless `fresh`. */
  status(call?: CallOptions) {
    return this.binding.call('mongodb.server', {}, call)
  }

  /** What runs, the longest first. */
  operations(options: Input<'mongodb.operations.list'> = {}, call?: CallOptions) {
    return this.binding.call('mongodb.operations.list', options, call)
  }

  /** Ends an operation; `ended` says whether it was gone a moment later. */
  kill(opid: number | string, call?: CallOptions) {
    return this.binding.call('mongodb.operations.kill', { opid: String(opid) }, call)
  }

  /** A page of what a database's profiler recorded. */
  profile(db: string, options: Input<'mongodb.profile', 'db'> = {}, call?: CallOptions) {
    return this.binding.call('mongodb.profile', { ...options, db }, call)
  }

  /** All that a database's profiler recorded, page by page. */
  async *records(
    db: string,
    options: Input<'mongodb.profile', 'db' | 'cursor'> = {},
    call?: CallOptions
  ) {
    let cursor: string | null = null
    do {
      const page = await this.profile(db, { ...options, cursor }, call)
      yield* page.records
      cursor = page.cursor
    } while (cursor)
  }
}
