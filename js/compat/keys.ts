import type { RedisDatabase, RedisText } from '../clients/redis'

/** All keys that match, each once, walked with `SCAN`. */
export async function allKeys(redis: RedisDatabase, pattern: string): Promise<RedisText[]> {
  const seen = new Map<string, RedisText>()
  for await (const { key } of redis.scan({ pattern, count: 1000 })) {
    seen.set(JSON.stringify(key), key)
  }
  return [...seen.values()]
}
