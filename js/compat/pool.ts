import { NotFoundError } from '../core/errors'
import type { DatabaseConnection, DatabaseType, PlatformDatabase } from '../types'
import {
  createDatabaseClient,
  type MongoDBClient,
  type PostgresClient,
  type RedisClient,
} from './clients'
import { closeDefaultManager, defaultManager, type Result, settled } from './default'

type AnyClient = RedisClient | MongoDBClient | PostgresClient

/** The project's connection of a type: by name, else the primary, else the only one. */
export async function getDatabaseConnection(
  projectRef: string,
  databaseType: DatabaseType,
  identifier?: string
): Promise<DatabaseConnection | null> {
  return find(projectRef, databaseType, identifier, true)
}

/** The same, from what the process remembers for up to a minute. */
export function getCachedConnection(
  projectRef: string,
  databaseType: DatabaseType
): Promise<DatabaseConnection | null> {
  return find(projectRef, databaseType, undefined, false)
}

async function find(
  projectRef: string,
  type: DatabaseType,
  identifier: string | undefined,
  fresh: boolean
): Promise<DatabaseConnection | null> {
  const { databases } = await defaultManager()
    .databases()
    .list({ project_ref: projectRef, database_type: type, limit: 1000 }, { fresh })
  const only = databases.length === 1 ? databases[0] : undefined
  const found =
    identifier === undefined
      ? (databases.find(({ is_primary }) => is_primary) ?? only)
      : databases.find((connection) => connection.identifier === identifier)
  return found ?? null
}

/** A project's connections, from what the process remembers for up to a minute. */
export async function getCachedDatabaseList(projectRef: string): Promise<DatabaseConnection[]> {
  return (await defaultManager().databases().list({ project_ref: projectRef, limit: 1000 }))
    .databases
}

/** Clients of registered connections. Their sockets are shared by the whole process. */
export const poolManager = {
  /** The client of a connection of a project. */
  async getClient(connectionId: string, projectRef: string): Promise<AnyClient> {
    const { databases } = await defaultManager()
      .databases()
      .list({ project_ref: projectRef, limit: 1000 })
    const connection = databases.find(({ id }) => id === connectionId)
    if (!connection) throw new NotFoundError('Connection')
    return createDatabaseClient({ connection })
  },

  /** Kept for old callers: a client holds nothing between its calls. */
  releaseClient(
    _connectionId: string,
    _projectId: string,
    _databaseType: DatabaseType
  ): Promise<void> {
    return Promise.resolve()
  },

  /** Lets running calls finish, then closes the connections, unless a manager of the routes uses them. */
  shutdown(): Promise<void> {
    return closeDefaultManager()
  },
}

/** Runs a callback with the client of a project's connection. */
export function withDatabaseClient<T>(
  projectRef: string,
  databaseType: DatabaseType,
  operation: (client: AnyClient) => Promise<T>,
  identifier?: string
): Promise<Result<T>> {
  return settled(async () => {
    const connection = await getDatabaseConnection(projectRef, databaseType, identifier)
    if (!connection) throw new NotFoundError('Database connection')
    return operation(createDatabaseClient({ connection }))
  })
}

/** Tries a registered connection. */
export async function checkDatabaseHealth(database: PlatformDatabase | DatabaseConnection) {
  const type = 'database_type' in database ? database.database_type : database.type
  const result = await defaultManager()
    .databases()
    .test(database.id)
    .catch(() => undefined)
  return {
    databaseId: database.id,
    type,
    status: result?.success ? ('healthy' as const) : ('down' as const),
    latency: result?.latency_ms ?? 0,
    lastCheck: new Date(),
    errorCount: result?.success ? 0 : 1,
  }
}
