// Servers of other generations and kinds than the ones that serve the whole run: with users, with
// TLS, in a cluster. They run only as long as the tests that ask for them.

import {
  startMongo,
  startPgMeta,
  startPostgres,
  startRedis,
  startRedisCluster,
  startSentinel,
} from '../servers/index.mjs'
import { Skip } from './report.mjs'
import { ALONE } from './rust.mjs'

/** @typedef {Awaited<ReturnType<typeof import('./servers.mjs').startTestServers>>} TestServers */

/** A server, and what the tests are told of it. */
const tell = async (starting, describe) => {
  const server = await starting
  return { server, env: describe(server) }
}

const address = ({ host, port }) => `${host}:${port}`

/** What `tests/redis` asks for besides a server of its own. */
const secondaryRedis = (generation) => {
  const acl = ['alice on >secret ~* &* +@all -memory -object', 'bob on >secret ~* +@read -@write']
  return [
    tell(startRedisCluster({ generation, failsOver: false }), ({ nodes }) => ({
      TEST_REDIS_CLUSTER_URL: `redis+cluster://${address(nodes[0])}`,
    })),
    tell(startSentinel({ generation }), ({ sentinels, name }) => ({
      TEST_REDIS_SENTINEL_URL: `redis+sentinel://${address(sentinels[0])}/${name}`,
    })),
    tell(startRedis({ generation, password: 'root', acl }), (server) => ({
      TEST_REDIS_ACL: address(server),
    })),
    tell(startRedis({ generation, password: 'sesame', tls: true }), (server) => ({
      TEST_REDIS_TLS: address(server),
      TEST_REDIS_TLS_CA: server.caFile,
    })),
  ]
}

/**
 * What the first run of all test programs needs besides the servers of the whole run.
 * @param {TestServers} first
 */
export const furtherKinds = ({ postgres, available }) => [
  ...secondaryRedis(),
  ...available.pgMeta.map(() =>
    tell(startPgMeta(postgres), ({ url }) => ({ TEST_PG_META_URL: url }))
  ),
  tell(startMongo({ auth: true, tls: 'address-only' }), ({ url, caFile }) => ({
    TEST_MONGODB_TLS_URL: url,
    TEST_MONGODB_TLS_CA: caFile,
  })),
  tell(startPostgres({ tls: 'address-only' }), ({ url, caPem, caFile }) => ({
    TEST_POSTGRES_TLS_URL: url,
    TEST_POSTGRES_TLS_CA: caFile,
    TEST_PLATFORM_TLS_URL: `${url}&ca_pem=${encodeURIComponent(caPem)}`,
  })),
]

const mongo = (options) => [tell(startMongo(options), ({ url }) => ({ TEST_MONGODB_URL: url }))]

const redis = (generation) => [
  tell(startRedis({ generation }), ({ url }) => ({ TEST_REDIS_URL: url })),
  ...secondaryRedis(generation),
]

/**
 * The test programs that run again, each on servers that differ from those of the first run.
 * @param {TestServers} first
 */
export function reruns({ generation, available }) {
  const redisRerun = (other) => ({
    name: `Redis on ${other}`,
    program: 'redis',
    args: [],
    servers() {
      if (available.redis.some((program) => program.generation === other)) return redis(other)
      throw new Skip('no server of it can be had here')
    },
  })
  // Its tests of TLS have a server of their own, and have run.
  const mongoRerun = (name, options) => ({
    name,
    program: 'mongodb',
    args: ['--skip', 'tls::'],
    servers: () => mongo(options),
  })
  return [
    ...['6.2', '7.0', 'valkey9'].filter((other) => other !== generation).map(redisRerun),
    mongoRerun('MongoDB with a login', { auth: true }),
    mongoRerun('MongoDB, a replica set', { replicaSet: true }),
    {
      ...mongoRerun('MongoDB, a replica set that fails', { replicaSet: true }),
      args: ALONE.mongodb,
    },
  ]
}

/**
 * Runs `work` while servers of some kinds run, and ends them whatever becomes of it.
 * @template T
 * @param {Promise<{ server: { stop: () => Promise<void> }, env: Record<string, string> }>[]} kinds
 * @param {(env: Record<string, string>) => Promise<T>} work
 */
export async function withServers(kinds, work) {
  const settled = await Promise.allSettled(kinds)
  const started = settled.flatMap(({ value }) => value ?? [])
  try {
    const failed = settled.find(({ status }) => status === 'rejected')
    if (failed) throw failed.reason
    return await work(Object.assign({}, ...started.map(({ env }) => env)))
  } finally {
    await Promise.all(started.map(({ server }) => server.stop()))
  }
}
