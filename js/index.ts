/**
 * One connection manager for Redis, MongoDB, PostgreSQL and HTTP services. Server code only.
 */
export * from './core/errors'
export * from './types'
export { ConnectionManager, Database, queryPlatformDatabase } from './compat/platform'
export type { WrappedResult } from './compat/platform'
export type { ManagerOptions } from './core/options'
export type { CallOptions, DirectTarget } from './core/binding'
export { bytesOf } from './core/stream'
export type { UploadSource } from './core/stream'
export type { ClientOptions, Selector } from './core/selector'
export * from './clients/redis'
export * from './clients/mongodb'
export * from './clients/postgres'
export * from './clients/http'
export * from './clients/databases'
export type { Answer, Input, Operations, Said, Told } from './core/operations'
export type * as schemas from './generated/schemas'
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
