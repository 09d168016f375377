import type { Document, DocumentInput } from './document'

/** How a server is to read. */
export interface ReadOptions {
  /** Milliseconds after which the server gives up. */
  maxTimeMS?: number
  /** How text is compared: `{ locale: 'de', strength: 2 }`. */
  collation?: Document
  /** The index to use, by its keys or its name. */
  hint?: Document | string
  readPreference?: 'primary' | 'primaryPreferred' | 'secondary' | 'secondaryPreferred' | 'nearest'
  readConcern?: 'local' | 'available' | 'majority' | 'linearizable' | 'snapshot'
}

/** How a pipeline is run. */
export interface PipelineOptions extends ReadOptions {
  /** Lets stages that sort or group use the server's disk. */
  allowDiskUse?: boolean
  /** Values that expressions can name, as `$$name`. */
  let?: DocumentInput
}
