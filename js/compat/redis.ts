import { decryptWith } from '../../index'
import { fromNative } from '../core/errors'
import {
  RedisDatabase,
  type RedisArgument,
  type RedisReply,
  type RedisText,
} from '../clients/redis'
import { unwrapped } from '../clients/redis/plain'
import { bindingTo, defaultManager, type Result, settled } from './default'

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
    const connectionString =
      encryptedConnection === undefined ? undefined : decrypt(encryptedConnection)
    if (command.toUpperCase() === 'KEYS') {
      return (await allKeys(String(args[0] ?? '*'), connectionString)) as T
    }
    const words = [command, ...args] as RedisArgument[]
    const { reply } = await getRedisConnection(connectionString).command(words, { confirm })
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
export async function testRedisConnection(connectionString: string): Promise<boolean> {
  const target = { database_type: 'redis', connection_string: connectionString } as const
  return (await defaultManager().databases().testTarget(target)).success
}

/** Closes the Redis connections of this process; the next call opens them again. */
export function closeRedisConnections(): Promise<void> {
  return defaultManager().native.closeClients('redis')
}

async function allKeys(pattern: string, connectionString?: string): Promise<RedisText[]> {
  const seen = new Map<string, RedisText>()
  const keys = getRedisConnection(connectionString).scan({ pattern, count: 1000 })
  for await (const { key } of keys) seen.set(JSON.stringify(key), key)
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
