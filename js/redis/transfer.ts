import type { Binding, CallOptions } from '../invoke'
import { open, records, type UploadSource } from '../stream'
import type { RedisText } from './values'

/** Which keys to export; all without any of these. */
export interface RedisExportOptions {
  /** Glob pattern. */
  pattern?: RedisText
  /** Only keys of this type. */
  type?: string
  /** These keys, in place of a pattern or type. */
  keys?: RedisText[]
  /** The last checkpoint's, to go on where an export of the same keys was cut off. */
  cursor?: string
}

/** How to import. */
export interface RedisImportOptions {
  /** What happens to keys that are there: they stay (default), are replaced, or end the import. */
  on_conflict?: 'skip' | 'replace' | 'fail'
  /** Whether keys keep the times at which they expire (default), or live for ever. */
  ttl?: 'keep' | 'none'
  /** Reads and checks everything, looks which keys are there, and writes nothing. */
  dry_run?: boolean
  /** The first line to write: `resume_line` of an import that was cut off. */
  from_line?: number
}

/** Counts of an import. */
export interface RedisImportCounts {
  /** The last line that was read. */
  line: number
  bytes: number
  done: number
  /** They were there, and still are. */
  skipped: number
  /** Their time was over. */
  expired: number
  /** Lines that can't be read, and keys that can't be written. */
  failed: number
  /** The answer was lost: they may or may not be written, and are not sent again. */
  unknown: number
  /** What to begin with if the import is cut off now. */
  resume_line: number
}

/** What an import tells; each record has one of these members. */
export interface RedisImportRecord {
  /** The first record: names the work for `redis.bulk.stop`. */
  job?: string
  dry_run?: boolean
  progress?: RedisImportCounts
  /** A line that can't be read, or a key that can't be written or of which that is unknown. */
  problem?: {
    line: number
    key: RedisText | null
    outcome: string
    code: string
    message: string
  }
  /** The last record. */
  end?: RedisImportCounts & {
    problems_untold: number
    checksum: 'right' | 'wrong' | 'missing'
    ended_by: 'completion' | 'stop' | 'shutdown' | 'leaving' | 'failure'
  }
}

export async function* exportKeys(
  binding: Binding,
  options: RedisExportOptions,
  call?: CallOptions
): AsyncGenerator<Buffer> {
  const operation = options.keys ? 'redis.export.keys' : 'redis.export'
  yield* await open(binding, operation, options, call)
}

export function importKeys(
  binding: Binding,
  source: UploadSource,
  options: RedisImportOptions,
  call?: CallOptions
): AsyncGenerator<RedisImportRecord> {
  return records(binding, 'redis.import', options, call, source)
}
