import { ConnectionManager } from 'studio-multidb'
import { createApiHandler } from 'studio-multidb/next'

/** Answers all routes of the package. The manager is made at the first request. */
export const multidb = createApiHandler(() => new ConnectionManager())
