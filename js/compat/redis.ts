import { decryptWith } from '../../index'
import { type Failure, fromFailure, fromNative } from '../errors'
import { invoke } from '../invoke'
import { type ListKeysOptions, RedisDatabase, type RedisText } from '../redis'
import { bindingTo, defaultManager, type Result, settled } from './default'

/** The client of a connection string, or of `REDIS_URL`. Clients of one string share their sockets. */
export function getRedisConnection(connectionString?: string): RedisDatabase {
  return new RedisDatabase(bindingTo('redis', connectionString))
}

/**
 * Runs one command on the connection behind an encrypted string, or on `REDIS_URL`. Commands that
 * are not on the list of safe ones are refused; `KEYS` walks with `SCAN`.
 */
export function executeRedisCommand<T = unknown>({
  encryptedConnection,
  command,
  args = [],
}: {
  encryptedConnection?: string
  command: string
  args?: unknown[]
}): Promise<Result<T>> {
  return settled(async () => {
    const connectionString =
      encryptedConnection === undefined ? undefined : decrypt(encryptedConnection)
    const name = command.toUpperCase()
    if (name === 'KEYS') return (await allKeys(String(args[0] ?? '*'), connectionString)) as T
    const binding = bindingTo('redis', connectionString)
    if (name === 'INFO') return (await invoke(binding, 'redis.info', {})) as T
    const commands = [[name, ...args.map(toArgument)]]
    const [answer] = await invoke<Array<{ ok: T } | { error: Failure }>>(binding, 'redis.batch', {
      commands,
    })
    if (answer && 'ok' in answer) return answer.ok
    throw answer ? fromFailure(answer.error) : new Error('the command was not answered')
  })
}

function toArgument(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value
}

/** Whether a Redis server answers at this connection string. */
export async function testRedisConnection(connectionString: string): Promise<boolean> {
  const target = { database_type: 'redis', connection_string: connectionString } as const
  return (await defaultManager().databases().testTarget(target)).success
}

/** Closes the Redis connections of this process; the next call opens them again. */
export function closeRedisConnections(): Promise<void> {
  return defaultManager().native.closeClients('redis')
}

async function allKeys(pattern: string, connectionString?: string): Promise<RedisText[]> {
  const options: ListKeysOptions = { pattern, count: 1000 }
  const seen = new Map<string, RedisText>()
  for await (const { key } of getRedisConnection(connectionString).scan(options)) {
    seen.set(JSON.stringify(key), key)
  }
  return [...seen.values()]
}

function decrypt(text: string): string {
  try {
    const key = process.env.REDIS_CRYPTO_KEY ?? process.env.PG_META_CRYPTO_KEY ?? ''
    return decryptWith(text, key)
  } catch (error) {
    throw fromNative(error)
  }
}

/** Shorthands for a connection string, or for `REDIS_URL`. */
export const RedisHelpers = {
  /** All keys that match a pattern, walked with `SCAN`. */
  getKeys: (pattern = '*', connectionString?: string): Promise<Result<RedisText[]>> =>
    settled(() => allKeys(pattern, connectionString)),
  /** The value of a string key. */
  get: (key: string, connectionString?: string): Promise<Result<RedisText | null>> =>
    settled(() => getRedisConnection(connectionString).get(key)),
  /** Sets a string key. */
  set: (key: string, value: string, connectionString?: string): Promise<Result<'OK'>> =>
    settled(() => getRedisConnection(connectionString).set(key, value)),
  /** Sets a key's TTL in seconds. */
  expire: (key: string, ttl: number, connectionString?: string) =>
    settled(() => getRedisConnection(connectionString).expireKey(key, ttl)),
  /** All fields of a hash. */
  hgetall: (key: string, connectionString?: string): Promise<Result<Record<string, RedisText>>> =>
    settled(() => getRedisConnection(connectionString).hgetall(key)),
  /** The server's `INFO`; of one section where it is named. */
  info: (section?: string, connectionString?: string): Promise<Result<unknown>> =>
    settled(async () => {
      const info = await getRedisConnection(connectionString).info()
      return section === undefined ? info : (info[section.toLowerCase()] ?? {})
    }),
}
