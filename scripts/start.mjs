// `npm start`: everything that is needed to see the package at work in a Studio, from a fresh
// checkout: installs, builds, local servers with sample data, and the Studio host.

import { preparePlatform } from './start/platform.mjs'
import { startHost } from './start/host.mjs'
import { addSampleData } from './start/sample.mjs'
import { startServers } from './start/servers.mjs'
import { isFree, loadSettings } from './start/settings.mjs'
import { buildPackage } from './steps/build.mjs'
import { ensureDependencies } from './steps/dependencies.mjs'
import { buildStudio } from './steps/package.mjs'
import { checkTools } from './steps/tools.mjs'

const port = Number(process.env.PORT ?? 3000)
// This machine only: a Studio without users lets everyone who reaches it do everything.
const host = process.env.HOST ?? 'localhost'

/** What has been started, in the order in which it is stopped. */
const running = []

let stopping = false
async function stop(code) {
  if (stopping) return
  stopping = true
  for (const part of running) await part.stop().catch(() => {})
  process.exit(code)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // Who asks twice doesn't want to wait; the servers end by themselves then.
    if (stopping) process.exit(1)
    process.stderr.write('Stopping\n')
    void stop(0)
  })
}

async function start() {
  checkTools()
  if (!(await isFree(port, host))) {
    throw new Error(`Port ${port} is taken; choose another: PORT=3001 npm start`)
  }
  await ensureDependencies()
  await buildPackage()
  await buildStudio()

  process.stderr.write('Starting PostgreSQL, Redis and MongoDB; the first time they are fetched\n')
  const settings = await loadSettings()
  const servers = await startServers(settings)
  running.unshift(servers)

  const env = { DATABASE_ENCRYPTION_KEY: settings.encryptionKey }
  const databases = await preparePlatform(servers.postgres.url, env)
  const studio = await startHost({
    port,
    host,
    env: { ...env, DATABASE_URL: databases.platform },
  })
  running.unshift(studio)

  await addSampleData(studio.url, {
    redis: servers.redis.url,
    mongodb: servers.mongo.url,
    postgres: databases.sample,
    service: servers.service.url,
    serviceKey: settings.serviceKey,
  })
  process.stdout.write(`ready ${studio.url}\n`)

  await studio.exited
  if (!stopping) throw new Error('The Studio host has ended by itself')
}

start().catch((error) => {
  if (stopping) return
  process.stderr.write(`${error.message}\n`)
  if (error.cause) process.stderr.write(`${error.cause.message}\n`)
  void stop(1)
})
