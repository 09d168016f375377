import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Input } from '../../core/operations'
import type { UploadSource } from '../../core/stream'

/** Collections out to files and in again. `mongo.transfer`. */
export class Transfer extends Client {
  /**
   * A collection as a file, in pieces: `pipeline(await transfer.export(…), createWriteStream(…))`.
   * One that fails on the way rejects, and what was written ends without its proper end.
   */
  export(
    db: string,
    coll: string,
    options: Input<'mongodb.documents.export', 'db' | 'coll'> = {},
    call?: CallOptions
  ) {
    return this.binding.open('mongodb.documents.export', { ...options, db, coll }, call)
  }

  /**
   * A file into a collection, from anything that gives its bytes: `createReadStream(…)`. Yields progress,
   * a problem for each record that was refused, and at last `end`. A failure is thrown after it; its
   * `details.counts.resume` is where to go on.
   */
  import(
    db: string,
    coll: string,
    body: UploadSource,
    options: Input<'mongodb.documents.import', 'db' | 'coll'> = {},
    call?: CallOptions
  ) {
    const input = { ...options, db, coll }
    return this.binding.records('mongodb.documents.import', input, call, body)
  }
}
