import {
  RedisDatabase,
  type RedisArgument,
  type RedisReply,
  type RedisText,
} from '../clients/redis'
import { unwrapped } from '../clients/redis/plain'
import { answers, bindingTo, decrypted, defaultManager, type Result, settled } from './default'
import { allKeys } from './keys'

/** The client of a connection string, or of `REDIS_URL`. Clients of one string share their sockets. */
export function getRedisConnection(connectionString?: string): RedisDatabase {
  return new RedisDatabase(bindingTo('redis', connectionString))
}

/**
 * Runs one command on the connection behind an encrypted string, or on `REDIS_URL`. The table of
 * commands decides what is allowed; what affects others needs `confirm`. `KEYS` walks with `SCAN`.
 */
export function executeRedisCommand<T = unknown>({
  encryptedConnection,
  command,
  args = [],
  confirm = false,
}: {
  encryptedConnection?: string
  command: string
  args?: unknown[]
  confirm?: boolean
}): Promise<Result<T>> {
  return settled(async () => {
    const redis = getRedisConnection(decrypted(encryptedConnection, process.env.REDIS_CRYPTO_KEY))
    if (command.toUpperCase() === 'KEYS') return (await allKeys(redis, String(args[0] ?? '*'))) as T
    const words = [command, ...args] as RedisArgument[]
    const { reply } = await redis.command(words, { confirm })
    return asText(reply) as T
  })
}

/** A reply as older drivers give it: floating point and large numbers as text. */
function asText(reply: RedisReply): unknown {
  return unwrapped(reply, (leaf) => {
    if (typeof leaf !== 'object' || leaf === null) return leaf
    if ('$double' in leaf) return leaf.$double
    return '$bigNumber' in leaf ? leaf.$bigNumber : leaf
  })
}

/** Whether a Redis server answers at this connection string. */
export function testRedisConnection(connectionString: string): Promise<boolean> {
  return answers('redis', connectionString)
}

/** Closes the Redis connections of this process; the next call opens them again. */
export function closeRedisConnections(): Promise<void> {
  return defaultManager().native.closeClients('redis')
}

/** Shorthands for a connection string, or for `REDIS_URL`. */
export const RedisHelpers = {
  /** All keys that match a pattern, walked with `SCAN`. */
  getKeys: (pattern = '*', connectionString?: string): Promise<Result<RedisText[]>> =>
    settled(() => allKeys(getRedisConnection(connectionString), pattern)),
  /** The value of a string key. */
  get: (key: string, connectionString?: string): Promise<Result<RedisText | null>> =>
    settled(() => getRedisConnection(connectionString).get(key)),
  /** Sets a string key. */
  set: (key: string, value: string, connectionString?: string): Promise<Result<'OK'>> =>
    settled(() => getRedisConnection(connectionString).set(key, value)),
  /** Sets a key's TTL in seconds. */
  expire: (key: string, ttl: number, connectionString?: string) =>
    settled(() => getRedisConnection(connectionString).keys.expire(key, { ttl })),
  /** All fields of a hash. */
  hgetall: (key: string, connectionString?: string): Promise<Result<Record<string, RedisText>>> =>
    settled(() => getRedisConnection(connectionString).hgetall(key)),
  /** The text of `INFO`; of one section where it is named. */
  info: (section?: string, connectionString?: string): Promise<Result<string>> =>
    settled(async () => {
      const words = section === undefined ? ['INFO'] : ['INFO', section]
      const { reply } = await getRedisConnection(connectionString).command(words)
      return asText(reply) as string
    }),
}
