// Clean servers for one run of the tests, whatever language they are written in.

import { findAvailable, startMongo, startPostgres, startRedis } from '../servers/index.mjs'

export async function startTestServers() {
  // Every version that a test may ask for is fetched now: a test's own time is too short for that.
  const available = await findAvailable()
  for (const reason of available.missing) process.stdout.write(`not to be had: ${reason}\n`)
  const servers = await Promise.all([startRedis(), startMongo(), startPostgres(), startPostgres()])
  const [redis, mongo, postgres, platform] = servers
  for (const { version, source, url } of servers) {
    process.stdout.write(`${url}: ${version}, ${source}\n`)
  }
  return {
    available,
    postgres,
    /** Of the Redis server. */
    generation: redis.generation,
    env: {
      TEST_REDIS_URL: redis.url,
      TEST_MONGODB_URL: mongo.url,
      TEST_POSTGRES_URL: postgres.url,
      TEST_PLATFORM_URL: platform.url,
    },
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  }
}
