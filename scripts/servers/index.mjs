// Local servers for `npm start` and for the tests: found or fetched, started on a free port,
// ended with the process that wanted them.

export { findAvailable } from './available.mjs'
export { startMongo } from './mongo.mjs'
export { startPgMeta } from './pg-meta.mjs'
export { startPgbouncer } from './pgbouncer.mjs'
export { startPostgres } from './postgres.mjs'
export { startRedisCluster } from './redis-cluster.mjs'
export { startSentinel } from './redis-sentinel.mjs'
export { startRedis } from './redis.mjs'
export { waitFor } from './wait.mjs'
