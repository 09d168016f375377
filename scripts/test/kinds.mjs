// Servers of other generations and kinds than the ones that serve the whole run: with users, with
// TLS, in a cluster. They run only as long as the tests that ask for them.

import {
  startMongo,
  startPgMeta,
  startPgbouncer,
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

const secondaryMongo = () =>
  tell(startMongo({ auth: true, tls: 'address-only' }), ({ url, caFile }) => ({
    TEST_MONGODB_TLS_URL: url,
    TEST_MONGODB_TLS_CA: caFile,
  }))

const secondaryPostgres = () =>
  tell(startPostgres({ tls: 'address-only' }), ({ url, caPem, caFile }) => ({
    TEST_POSTGRES_TLS_URL: url,
    TEST_POSTGRES_TLS_CA: caFile,
    TEST_PLATFORM_TLS_URL: `${url}&ca_pem=${encodeURIComponent(caPem)}`,
  }))

const mongo = (options) => tell(startMongo(options), ({ url }) => ({ TEST_MONGODB_URL: url }))

const redis = (generation) =>
  tell(startRedis({ generation }), ({ url }) => ({ TEST_REDIS_URL: url }))

const olderRedis = (generation) =>
  tell(startRedis({ generation }), ({ url }) => ({
    [`TEST_REDIS_${generation.replace('.', '')}_URL`]: url,
  }))

/**
 * The test programs of the core, those first that take the longest. Several run at a time; none
 * depends on what another does to a server.
 * @param {TestServers} first what serves the whole run
 * @returns {Array<{ name: string, program: string, args?: string[], env?: Record<string, string>,
 *   servers?: () => Promise<object>[] }>} `servers` are started for it besides those of `env`
 */
export function programRuns({ env, postgres, generation, available }) {
  const hasRedis = (wanted) => available.redis.some(({ generation }) => generation === wanted)
  const redisOn = (other) => ({
    name: `Redis on ${other}`,
    program: 'redis',
    servers() {
      if (hasRedis(other)) return [redis(other), ...secondaryRedis(other)]
      throw new Skip('no server of it can be had here')
    },
  })
  // Its tests of TLS have a server of their own, and run once.
  const mongoOn = (name, options, args = ['--skip', 'tls::']) => ({
    name,
    program: 'mongodb',
    args,
    servers: () => [mongo(options)],
  })
  /** One whose clients share a single session, and one that gives each its own. */
  const pgbouncer = () => [
    tell(startPgbouncer(postgres), ({ url }) => ({ TEST_PGBOUNCER_URL: url })),
    tell(startPgbouncer(postgres, { mode: 'session', poolSize: 20 }), ({ url }) => ({
      TEST_PGBOUNCER_SESSION_URL: url,
    })),
  ]
  const pgMeta = () => tell(startPgMeta(postgres), ({ url }) => ({ TEST_PG_META_URL: url }))
  return [
    { name: 'MongoDB', program: 'mongodb', env, servers: () => [secondaryMongo()] },
    mongoOn('MongoDB with a login', { auth: true }),
    mongoOn('MongoDB, a replica set', { replicaSet: true }),
    {
      name: 'the registry',
      program: 'registry',
      env,
      servers: () => [redis(), secondaryPostgres()],
    },
    mongoOn('MongoDB that fails', {}, ALONE.mongodb),
    mongoOn('MongoDB, a replica set that fails', { replicaSet: true }, ALONE.mongodb),
    {
      name: 'Redis, what needs its servers alone',
      program: 'redis',
      args: ALONE.redis,
      env,
      servers: () => [
        redis(),
        ...['6.2', '7.0'].filter(hasRedis).map(olderRedis),
        ...secondaryRedis(),
      ],
    },
    { name: 'Redis', program: 'redis', env, servers: () => secondaryRedis() },
    ...['6.2', '7.0', 'valkey9'].filter((other) => other !== generation).map(redisOn),
    {
      name: 'PostgreSQL',
      program: 'postgres',
      env,
      servers: () => [
        ...available.pgMeta.map(pgMeta),
        ...available.pgbouncer.flatMap(pgbouncer),
        secondaryPostgres(),
      ],
    },
    { name: 'the library', program: 'studio_multidb' },
    { name: 'HTTP', program: 'http' },
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
