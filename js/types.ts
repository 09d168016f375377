import type { Answer, Input } from './core/operations'
import type * as schemas from './generated/schemas'

/** The four kinds of backend. */
export const DatabaseType = {
  POSTGRES: 'postgres',
  REDIS: 'redis',
  MONGODB: 'mongodb',
  BUN_API: 'bun_api',
} as const satisfies Record<string, schemas.DatabaseType>
export type DatabaseType = schemas.DatabaseType

/** Whether a connection is in use. */
export type ConnectionStatus = schemas.ConnectionStatus

/** A registered connection. Its secrets never leave the core. */
export type DatabaseConnection = Answer<'registry.databases.get'>

/** A PostgreSQL connection. */
export type PostgresConnection = DatabaseConnection & { database_type: 'postgres' }

/** A Redis or Valkey connection. */
export type RedisConnection = DatabaseConnection & { database_type: 'redis' }

/** A MongoDB connection. */
export type MongoDBConnection = DatabaseConnection & { database_type: 'mongodb' }

/** A connection of any kind that has a driver. */
export type AnyDatabaseConnection = PostgresConnection | RedisConnection | MongoDBConnection

/** A connection to register, as fields or as a connection string. */
export type CreateConnectionRequest = Input<'registry.databases.create'>

/** What to change of a connection. A changed address must bring the secret again. */
export type UpdateConnectionRequest = Input<'registry.databases.update', 'id'>

/** How a connection test went. */
export type ConnectionTestResult = Answer<'registry.databases.test'>

/** A row of the view `platform.databases`. */
export type PlatformDatabase = {
  id: string
  project_id: string
  name: string
  type: DatabaseType
  description?: string
  /** Masked. */
  connection_string?: string
  host?: string
  port?: number
  database_name?: string
  username?: string
  config?: Record<string, unknown>
  status: 'active' | 'inactive' | 'error' | 'connecting'
  last_connected_at?: string
  created_at?: string
  updated_at?: string
}

/** A row of the view `platform.databases_with_projects`. */
export type PlatformDatabaseWithProject = PlatformDatabase & {
  project_name: string
  project_ref: string
  organization_name: string
  organization_slug: string
}

/** How a registered connection is doing. */
export interface ConnectionHealth {
  databaseId: string
  type: DatabaseType
  status: 'healthy' | 'degraded' | 'down'
  /** Milliseconds. */
  latency: number
  lastCheck: Date
  errorCount: number
}

/** A user's role in a project. */
export type PermissionLevel = 'owner' | 'admin' | 'developer' | 'viewer'

/** What a user may do in a project. */
export interface ProjectPermissions {
  canRead: boolean
  canWrite: boolean
  canAdmin: boolean
  level: PermissionLevel
}
