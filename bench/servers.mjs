// One server of each kind with its data, the registry with its connections, and pg-meta.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { startMongo, startPostgres, startRedis, waitFor } from '../scripts/servers/index.mjs'
import { freePort } from '../scripts/servers/ports.mjs'
import {
  removeTemporaryFolder,
  superviseProcess,
  temporaryFolder,
} from '../scripts/servers/supervised.mjs'
import { preparePlatform } from '../scripts/start/platform.mjs'
import { newManager } from './child.mjs'
import { fillMongo, fillPostgres, fillRedis } from './data.mjs'

const CONNECTIONS = 20
const PG_META_TIMEOUT_MS = 60_000
const pgMetaServer = fileURLToPath(
  new URL('./node_modules/@supabase/postgres-meta/dist/server/server.js', import.meta.url)
)

/** What the contenders are told, as `urls`, and how to end it all, as `stop`. */
export async function startServers() {
  const [redis, mongo, postgres] = await Promise.all([startRedis(), startMongo(), startPostgres()])
  const encryptionKey = randomBytes(32).toString('hex')
  const env = { DATABASE_ENCRYPTION_KEY: encryptionKey }
  const { platform, sample } = await preparePlatform(postgres.url, env)
  const [documentId, pgMeta] = await Promise.all([
    fillMongo(mongo.url),
    startPgMeta(platform),
    fillRedis(redis.url),
    fillPostgres(sample),
  ])
  const urls = { redis: redis.url, mongodb: mongo.url, postgres: sample }
  const scope = await register({ platform, encryptionKey }, urls)
  return {
    urls: { ...urls, platform, encryptionKey, documentId, scope, pgMeta: pgMeta.url },
    versions: {
      Redis: redis.version,
      MongoDB: `${mongo.engine} ${mongo.version}`,
      PostgreSQL: postgres.version,
    },
    async stop() {
      await pgMeta.stop()
      await Promise.all([redis, mongo, postgres].map((server) => server.stop()))
    },
  }
}

/** Registers 20 connections. @returns the id of one of each type */
async function register(registry, urls) {
  const manager = newManager(registry)
  const types = Object.keys(urls)
  const scope = {}
  try {
    for (let n = 0; n < CONNECTIONS; n++) {
      const type = types[n % types.length]
      const body = {
        project_ref: 'default',
        type,
        name: `bench-${n}`,
        connection_string: urls[type],
      }
      const answer = await manager.handle({
        method: 'POST',
        path: '/api/platform/databases',
        headers: {},
        body: Buffer.from(JSON.stringify(body)),
      })
      const { data, message } = JSON.parse(answer.body.toString())
      if (answer.status !== 201) throw new Error(`${type} was not registered: ${message}`)
      scope[type] ??= data.id
    }
  } finally {
    await manager.shutdown()
  }
  return scope
}

async function startPgMeta(databaseUrl) {
  const port = await freePort()
  const { hostname, port: databasePort, username, password, pathname } = new URL(databaseUrl)
  const folder = await temporaryFolder()
  const server = await superviseProcess({
    command: process.execPath,
    args: [pgMetaServer],
    log: join(folder, 'server.log'),
    env: {
      ...process.env,
      PG_META_PORT: String(port),
      PG_META_DB_HOST: hostname,
      PG_META_DB_PORT: databasePort,
      PG_META_DB_USER: username,
      PG_META_DB_PASSWORD: decodeURIComponent(password),
      PG_META_DB_NAME: pathname.slice(1),
      PG_META_DB_SSL_MODE: 'disable',
      CRYPTO_KEY: 'bench',
    },
    stopSignal: 'SIGTERM',
  })
  const url = `http://127.0.0.1:${port}`
  await waitFor(async () => (await fetch(`${url}/health`)).ok, {
    timeoutMs: PG_META_TIMEOUT_MS,
    what: 'pg-meta answering',
  })
  return {
    url,
    async stop() {
      await server.stop()
      await removeTemporaryFolder(folder)
    },
  }
}
