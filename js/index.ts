/**
 * One connection manager for Redis, MongoDB, PostgreSQL and HTTP services. Server code only.
 */
export * from './errors'
export * from './types'
export { ConnectionManager, Database, queryPlatformDatabase } from './compat/platform'
export type { WrappedResult } from './compat/platform'
export type { ManagerOptions } from './options'
export type { CallOptions, DirectTarget } from './invoke'
export { bytesOf } from './stream'
export type { UploadSource } from './stream'
export type { ClientOptions, Selector } from './selector'
export * from './redis'
export * from './mongodb'
export * from './postgres'
export * from './http'
export * from './databases'
export type { PoolStatistics } from './pools'
export * from './compat/redis'
export {
  closeMongoConnections,
  executeMongoOperation,
  getMongoClient,
  MongoHelpers,
  testMongoConnection,
} from './compat/mongodb'
export type {
  Collection,
  Db,
  ListedCollection,
  ListedDatabase,
  ListedStats,
  MongoClient,
} from './compat/mongodb'
export * from './compat/clients'
export * from './compat/pool'
export * from './compat/helpers'
export * from './compat/access'
export { version } from '../index'
export type { ByteStream, HandleRequest, HandleResponse } from '../index'
