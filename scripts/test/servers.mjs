// Clean servers for one run of the tests, whatever language they are written in.

import { findAvailable, startMongo, startPostgres, startRedis } from '../servers/index.mjs'

/** @returns {Promise<{ env: Record<string, string>, stop: () => Promise<void> }>} */
export async function startTestServers() {
  // Every version that a test may ask for is fetched now: a test's own time is too short for that.
  await findAvailable()
  const servers = await Promise.all([startRedis(), startMongo(), startPostgres(), startPostgres()])
  const [redis, mongo, postgres, platform] = servers
  return {
    env: {
      TEST_REDIS_URL: redis.url,
      TEST_MONGODB_URL: mongo.url,
      TEST_POSTGRES_URL: postgres.url,
      TEST_PLATFORM_URL: platform.url,
    },
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  }
}
