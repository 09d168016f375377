import type { Document } from './document'
import type { FindOptions } from './documents'
import { type Binding, type CallOptions } from '../invoke'
import { open, records, type UploadSource } from '../stream'

/** How documents follow each other in a file. */
export type FileFormat = 'ndjson' | 'json' | 'csv'

/** What is exported, and how. */
export interface ExportOptions extends Omit<FindOptions, 'ejson'> {
  /** Default `ndjson`. */
  format?: FileFormat
  /** Default `canonical`, which keeps every type. */
  ejson?: 'relaxed' | 'canonical'
  /** Columns of CSV; a dot leads into a document. */
  fields?: string[]
}

/** How a file is imported. */
export interface ImportOptions {
  /** Default `ndjson`. */
  format?: FileFormat
  /** What happens to a document whose `_id` is there already; default `refuse`. */
  on_conflict?: 'refuse' | 'skip' | 'replace'
  /** The `resume` that an interrupted import has told; goes on there with the same body. */
  resume?: string
  /** Read everything and write nothing. */
  dry_run?: boolean
  /** End at the first record that is refused: those before it are written, and none after it. */
  stop_on_error?: boolean
  /** Names of the columns of CSV without a header. */
  fields?: string[]
  /** What stands between the cells of CSV; default a comma. */
  delimiter?: string
  /** Cells of CSV are text, whatever they look like. */
  as_text?: boolean
}

/** How far an import has come. */
export interface ImportCounts {
  read: number
  inserted: number
  replaced: number
  skipped: number
  refused: number
  /** Where to go on after an interruption. */
  resume: string
  dry_run?: boolean
}

/** What an import tells on its way. */
export type ImportRecord =
  | { progress: ImportCounts }
  | { done: ImportCounts }
  | {
      refused: {
        /** The line in NDJSON, else the place among the records; from 1 on. */
        number: number
        code: string
        message: string
        outcome: 'applied' | 'not_applied' | 'unknown'
        details: Document
      }
    }

/** Collections out to files and in again. `mongo.transfer`. */
export class Transfer {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /**
   * A collection as a file, in pieces: `pipeline(await transfer.export(…), createWriteStream(…))`.
   * One that fails on the way rejects, and what was written ends without its proper end.
   */
  export(
    db: string,
    coll: string,
    options: ExportOptions = {},
    call?: CallOptions
  ): Promise<AsyncGenerator<Buffer>> {
    return open(this.#binding, 'mongodb.documents.export', { db, coll, ...options }, call)
  }

  /**
   * A file into a collection, from anything that gives its bytes: `createReadStream(…)`. Yields each
   * record that was refused, progress, and at the end `done`. An interruption is thrown; its
   * `details.counts.resume` is where to go on.
   */
  import(
    db: string,
    coll: string,
    body: UploadSource,
    options: ImportOptions = {},
    call?: CallOptions
  ): AsyncGenerator<ImportRecord> {
    const input = { db, coll, ...options }
    return records(this.#binding, 'mongodb.documents.import', input, call, body)
  }
}
