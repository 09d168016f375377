// Starts one PostgreSQL, Redis and MongoDB for the whole run, unless their addresses are given.

import { startMongo, startPostgres, startRedis } from '../../scripts/servers/index.mjs'

const started = []

async function provide(variable, start) {
  if (process.env[variable]) return
  const server = await start()
  started.push(server)
  process.env[variable] = server.url
}

export default async function setup() {
  // A manager that says nothing of it would log for all that are open in its process.
  process.env.LOG_LEVEL ??= 'off'
  await Promise.all([
    provide('TEST_POSTGRES_URL', () => startPostgres()),
    provide('TEST_REDIS_URL', () => startRedis()),
    provide('TEST_MONGODB_URL', () => startMongo()),
  ])
}

export async function teardown() {
  await Promise.all(started.map((server) => server.stop()))
}
