import { fromNative } from '../core/errors'
import type { QueryResult } from '../clients/postgres'
import { DatabaseType } from '../types'
import { answers, closeDefaultManager, defaultManager } from './default'
import { MongoHelpers } from './mongodb'
import { RedisHelpers } from './redis'
import { Manager } from '../manager'

/** One of the two, never both. */
export type WrappedResult<T> = { data: T; error: undefined } | { data: undefined; error: Error }

/**
 * Runs one statement on the platform database: directly where `DATABASE_URL` is set, else through
 * pg-meta at `STUDIO_PG_META_URL`, whose own database is the platform database then.
 */
export async function queryPlatformDatabase<T = Record<string, unknown>>({
  query,
  parameters = [],
}: {
  query: string
  parameters?: unknown[]
}): Promise<WrappedResult<T[]>> {
  try {
    const text = await defaultManager().native.queryPlatform(query, JSON.stringify(parameters))
    return { data: (JSON.parse(text) as { data: QueryResult<T> }).data.rows, error: undefined }
  } catch (thrown) {
    return { data: undefined, error: fromNative(thrown) as Error }
  }
}

/** The manager of the documents: the door to everything, and three shorthands. */
export class ConnectionManager extends Manager {
  /** Whether a server of this type answers at a connection string. */
  static testConnection(type: DatabaseType, connectionString: string): Promise<boolean> {
    return answers(type, connectionString)
  }

  /** What the server at a connection string says of itself. */
  static async getDatabaseInfo(type: DatabaseType, connectionString: string): Promise<unknown> {
    const binding = defaultManager().direct({ type, connection_string: connectionString })
    switch (type) {
      case DatabaseType.REDIS:
        return RedisHelpers.info('server', connectionString)
      case DatabaseType.MONGODB:
        return MongoHelpers.listDatabases(connectionString)
      case DatabaseType.POSTGRES:
        return binding.call('postgres.query', { query: 'SELECT version()', read_only: true })
      case DatabaseType.BUN_API:
        return binding.call('http.info', {})
    }
  }

  /** Closes every connection of the process. */
  static closeAll(): Promise<void> {
    return closeDefaultManager()
  }
}

/** Shorthands per type. */
export const Database = {
  Postgres: { query: queryPlatformDatabase },
  Redis: RedisHelpers,
  Mongo: MongoHelpers,
}
