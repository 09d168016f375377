// Clean servers for one run of the tests, whatever language they are written in.

import { startMongo, startPostgres, startRedis } from '../servers/index.mjs'

/** @returns {Promise<{ env: Record<string, string>, stop: () => Promise<void> }>} */
export async function startTestServers() {
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
