import { ConnectionManager } from 'studio-multidb'
import { createApiHandler } from 'studio-multidb/next'

/** The manager, made at the first request. */
export const manager = () => new ConnectionManager()

/** Answers all routes of the package. */
export const multidb = createApiHandler(manager)
