// Clean servers for one run of the tests, whatever language they are written in.

import { findAvailable, startMongo, startPostgres, startRedis } from '../servers/index.mjs'
import { startRedisCluster } from '../servers/redis-cluster.mjs'
import { startSentinel } from '../servers/redis-sentinel.mjs'

/** Users with narrow rights. */
const acl = ['alice on >secret ~* &* +@all -memory -object', 'bob on >secret ~* &* +@read -@write']

/** Redis in other generations and arrangements: the variable that names it, and how to have it. */
const otherRedis = {
  TEST_REDIS_62_URL: async () => startRedis({ generation: '6.2' }),
  TEST_REDIS_SPARE_URL: async () => startRedis(),
  TEST_REDIS_70_URL: async () => startRedis({ generation: '7.0' }),
  TEST_REDIS_CLUSTER_URL: async () =>
    withUrl(await startRedisCluster({ failsOver: false }), 'redis+cluster'),
  TEST_REDIS_ACL: async () => {
    const server = await startRedis({ password: 'root', acl })
    return Object.assign(server, { url: `${server.host}:${server.port}` })
  },
  TEST_REDIS_SENTINEL_URL: async () => {
    const watched = await startSentinel()
    const [{ port }] = watched.sentinels
    return Object.assign(watched, { url: `redis+sentinel://127.0.0.1:${port}/${watched.name}` })
  },
}

const withUrl = (server, scheme) =>
  Object.assign(server, { url: server.url.replace(/^redis/, scheme) })

/** A server, or `undefined` where it can't be had; then its tests are skipped, and say so. */
async function ifToBeHad([variable, start]) {
  try {
    return [variable, await start()]
  } catch (error) {
    process.stdout.write(`${variable}: ${error.message}\n`)
    return [variable, undefined]
  }
}

export async function startTestServers() {
  // Every version that a test may ask for is fetched now: a test's own time is too short for that.
  const available = await findAvailable()
  for (const reason of available.missing) process.stdout.write(`not to be had: ${reason}\n`)
  const servers = await Promise.all([startRedis(), startMongo(), startPostgres(), startPostgres()])
  const [redis, mongo, postgres, platform] = servers
  const others = await Promise.all(Object.entries(otherRedis).map(ifToBeHad))
  const had = others.filter(([, server]) => server)
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
      ...Object.fromEntries(had.map(([variable, { url }]) => [variable, url])),
    },
    stop: async () => {
      const all = [...servers, ...had.map(([, server]) => server)]
      await Promise.all(all.map((server) => server.stop()))
    },
  }
}
