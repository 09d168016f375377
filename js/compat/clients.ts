import { ConnectionError, QueryError } from '../core/errors'
import { Binding } from '../core/binding'
import { Client } from '../core/client'
import { MongoDatabase } from '../clients/mongodb/database'
import { PostgresDatabase } from '../clients/postgres'
import { RedisDatabase, type RedisText } from '../clients/redis'
import type { ConnectionTestResult, DatabaseConnection } from '../types'
import { defaultManager } from './default'
import { Db, listed } from './mongodb'
import { allKeys } from './keys'

/** A registered connection, or one of a caller's own with its password. */
export type ClientConnection = Pick<DatabaseConnection, 'id' | 'database_type'> &
  Partial<DatabaseConnection> & { password?: string }

/** What a client is made of. */
export interface DatabaseClientConfig {
  connection: ClientConnection
  /** Milliseconds for `connect()` and `ping()`. */
  timeout?: number
  /** Kept for old callers: reads are retried once, and writes only when they were not applied. */
  retry?: { attempts: number; delay: number }
}

/** What every client can do. */
export interface DatabaseClient {
  /** Resolves once the server answered. */
  connect(): Promise<void>
  /** Ends this handle. Sockets are shared, and close when they have been idle. */
  disconnect(): Promise<void>
  /** Milliseconds of one round trip. */
  ping(): Promise<number>
  /** What the server says of itself. */
  getInfo(): Promise<Record<string, unknown>>
}

/**
 * The target of a connection: its own fields where it brings a host and no registered id, else the
 * registered connection.
 */
function bind(connection: ClientConnection): Binding {
  const { id, database_type: type, has_password, password } = connection
  if (has_password !== undefined) return new Binding(defaultManager().native, { scope: id })
  const { host, port, database_name, username, options } = connection
  const parts = { host, port, database_name, username, password, options }
  const given = Object.entries(parts).filter(([, part]) => part !== undefined && part !== null)
  return defaultManager().direct({ type, ...Object.fromEntries(given) })
}

abstract class ConnectionClient extends Client implements DatabaseClient {
  readonly #id: string
  readonly #timeout: number | undefined

  constructor({ connection, timeout }: DatabaseClientConfig) {
    super(bind(connection))
    this.#id = connection.id
    this.#timeout = timeout
  }

  async connect(): Promise<void> {
    const result = await this.#test()
    if (!result.success) {
      throw new ConnectionError(result.error ?? 'the server could not be reached', {
        steps: result.steps,
      })
    }
  }

  disconnect(): Promise<void> {
    return Promise.resolve()
  }

  async ping(): Promise<number> {
    const started = performance.now()
    await this.roundTrip()
    return performance.now() - started
  }

  abstract getInfo(): Promise<Record<string, unknown>>

  /** The cheapest question that the server answers. */
  protected abstract roundTrip(): Promise<unknown>

  #test(): Promise<ConnectionTestResult> {
    const call = this.#timeout === undefined ? {} : { signal: AbortSignal.timeout(this.#timeout) }
    const { direct } = this.binding
    if (direct === undefined) return defaultManager().databases().test(this.#id, call)
    const { type: database_type, ...target } = direct
    return defaultManager()
      .databases()
      .testTarget({ ...target, database_type }, call)
  }
}

/** A Redis client made from a connection. */
export class RedisClient extends ConnectionClient {
  readonly #redis = new RedisDatabase(this.binding)

  /** The value of a string key. */
  get(key: string): Promise<RedisText | null> {
    return this.#redis.get(key)
  }

  /** Sets a string key, for `ttl` seconds where given. */
  async set(key: string, value: string, ttl?: number): Promise<void> {
    await this.#redis.set(key, value, ttl === undefined ? {} : { ttl })
  }

  /** Removes a key. */
  del(key: string): Promise<number> {
    return this.#redis.del(key)
  }

  /** One page of keys. */
  async scan(cursor: number | string = 0, pattern = '*', count = 100) {
    const page = await this.#redis.keys.list({ cursor: String(cursor), pattern, count })
    return { cursor: page.cursor, keys: page.keys.map(({ key }) => key) }
  }

  /** All keys that match, walked with `SCAN`. */
  keys(pattern = '*'): Promise<RedisText[]> {
    return allKeys(this.#redis, pattern)
  }

  /** The type of a key. */
  type(key: string): Promise<string> {
    return this.#redis.type(key)
  }

  /** Seconds until a key expires. */
  ttl(key: string): Promise<number> {
    return this.#redis.ttl(key)
  }

  getInfo(): Promise<Record<string, unknown>> {
    return this.#redis.server.info()
  }

  protected roundTrip(): Promise<unknown> {
    return this.#redis.exists('')
  }
}

/** A MongoDB client made from a connection. */
export class MongoDBClient extends ConnectionClient {
  readonly #mongo = new MongoDatabase(this.binding)
  readonly #database: string | undefined

  constructor(config: DatabaseClientConfig) {
    super(config)
    this.#database = config.connection.database_name ?? undefined
  }

  /** A database; the connection's own where no name is given. */
  getDb(name?: string): Db {
    return new Db(this.#mongo, name ?? this.#database ?? 'test')
  }

  /** The databases that the user can see. */
  listDatabases() {
    return listed(this.#mongo)
  }

  /** The collections of a database. */
  listCollections(name?: string) {
    return this.getDb(name).listCollections().toArray()
  }

  async getInfo(): Promise<Record<string, unknown>> {
    const server = await this.#mongo.server.status()
    const { version, uptime_seconds: uptime, connections, memory, bits } = server
    const mebibytes = (bytes: number | null) => (bytes === null ? null : bytes / 2 ** 20)
    return {
      version,
      uptime,
      connections: connections && {
        current: connections.current,
        available: connections.available,
        active: connections.active,
        totalCreated: connections.total_created,
      },
      memory: memory && {
        bits,
        resident: mebibytes(memory.resident_bytes),
        virtual: mebibytes(memory.virtual_bytes),
      },
    }
  }

  protected roundTrip(): Promise<unknown> {
    return this.#mongo.collections.list(this.#database ?? 'admin')
  }
}

/** A PostgreSQL client made from a connection. */
export class PostgresClient extends ConnectionClient {
  readonly #postgres = new PostgresDatabase(this.binding)

  /** Runs one statement and resolves with its rows. */
  async query<T = Record<string, unknown>>(sql: string, params: unknown[] = []): Promise<T[]> {
    return (await this.#postgres.query<T>(sql, params)).rows
  }

  async getInfo(): Promise<Record<string, unknown>> {
    const [row] = await this.query('SELECT version()')
    return { version: row?.version }
  }

  protected roundTrip(): Promise<unknown> {
    return this.query('SELECT 1')
  }
}

/** The client of a connection, by its type. */
export function createDatabaseClient(
  config: DatabaseClientConfig
): RedisClient | MongoDBClient | PostgresClient {
  switch (config.connection.database_type) {
    case 'redis':
      return new RedisClient(config)
    case 'mongodb':
      return new MongoDBClient(config)
    case 'postgres':
      return new PostgresClient(config)
    default:
      throw new QueryError(`Unsupported database type: ${config.connection.database_type}`)
  }
}
