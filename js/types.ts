/** The four kinds of backend. */
export const DatabaseType = {
  POSTGRES: 'postgres',
  REDIS: 'redis',
  MONGODB: 'mongodb',
  BUN_API: 'bun_api',
} as const
export type DatabaseType = (typeof DatabaseType)[keyof typeof DatabaseType]

/** Whether a connection is in use. */
export type ConnectionStatus = 'ACTIVE' | 'INACTIVE' | 'ERROR' | 'CONNECTING'

/** A registered connection. Its secrets never leave the core. */
export interface DatabaseConnection {
  id: string
  project_id: string
  database_type: DatabaseType
  /** Name, unique in the project: lower-case letters, digits and hyphens. */
  identifier: string
  description?: string | null
  /** With the password masked: `redis://default:***@host:6379`. */
  connection_string?: string
  host: string
  port: number
  database_name?: string
  username?: string
  /** Given to a client that is made without the registry; never returned. */
  password?: string
  has_password?: boolean
  options: Record<string, unknown>
  is_primary: boolean
  status: ConnectionStatus
  last_connected_at?: string | null
  last_error?: string | null
  /** Raised by every change of the target. */
  version?: number
  created_at: string
  updated_at: string
}

/** A PostgreSQL connection. */
export interface PostgresConnection extends DatabaseConnection {
  database_type: 'postgres'
  database_name: string
  options: { ssl?: boolean; pool_size?: number; statement_timeout?: number }
}

/** A Redis or Valkey connection. */
export interface RedisConnection extends DatabaseConnection {
  database_type: 'redis'
  options: {
    db?: number
    tls?: boolean
    cluster?: boolean
    sentinel?: { master: string; sentinels: Array<{ host: string; port: number }> }
  }
}

/** A MongoDB connection. */
export interface MongoDBConnection extends DatabaseConnection {
  database_type: 'mongodb'
  database_name: string
  options: {
    replica_set?: string
    auth_source?: string
    tls?: boolean
    server_selection_timeout?: number
  }
}

/** A connection of any kind that has a driver. */
export type AnyDatabaseConnection = PostgresConnection | RedisConnection | MongoDBConnection

/** A connection to register, as fields or as a connection string. */
export interface CreateConnectionRequest {
  project_id?: string
  projectRef?: string
  database_type: DatabaseType
  identifier: string
  description?: string
  connection_string?: string
  host?: string
  port?: number
  database_name?: string
  username?: string
  password?: string
  options?: Record<string, unknown>
  is_primary?: boolean
}

/** What to change of a connection. A changed address must bring the secret again. */
export interface UpdateConnectionRequest {
  identifier?: string
  description?: string
  connection_string?: string
  host?: string
  port?: number
  database_name?: string
  username?: string
  password?: string
  options?: Record<string, unknown>
  is_primary?: boolean
  status?: ConnectionStatus
}

/** One step of a connection test. */
export interface ConnectionTestStep {
  name: 'resolve' | 'connect' | 'tls' | 'auth' | 'ping' | 'capabilities'
  /** `tls` may be `false` in a test that succeeds: the server has none, and may do without. */
  ok: boolean
  /** Milliseconds. */
  ms: number
  message?: string
}

/** How a connection test went. */
export interface ConnectionTestResult {
  /** Whether the connection can be used. */
  success: boolean
  /** Milliseconds of the `ping` step, else of the whole test. */
  latency_ms?: number
  /** Of the server. */
  version?: string
  /** Why it failed, and the code of the error. */
  error?: string
  code?: string
  /** In order; the last is the one that the test failed at, if it did. */
  steps?: ConnectionTestStep[]
  /** What only this kind of server has: `mode`, `topology`, `server_encoding`, … */
  [fact: string]: unknown
}

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
