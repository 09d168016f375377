// `node scripts/servers/cli.mjs up [folder]` starts PostgreSQL, Redis and MongoDB, prints one
// line of JSON with their connection strings, and runs until it is interrupted. With a folder,
// data is kept in it from one run to the next.
//
// `node scripts/servers/cli.mjs available` prints which servers can be had here. Either installs the
// npm dependencies first.

import { join, resolve } from 'node:path'

import { ensureDependencies } from '../steps/dependencies.mjs'
import { findAvailable, startMongo, startPostgres, startRedis } from './index.mjs'

const [command, folder] = process.argv.slice(2)
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)

async function up() {
  const keep = (name) => (folder ? { dataDir: join(resolve(folder), name) } : {})
  const [postgres, redis, mongo] = await Promise.all([
    startPostgres(keep('postgres')),
    startRedis(keep('redis')),
    startMongo(keep('mongo')),
  ])
  const describe = ({ url, engine, version, source }) => ({ url, engine, version, source })
  print({ postgres: describe(postgres), redis: describe(redis), mongo: describe(mongo) })

  const stop = async () => {
    await Promise.all([postgres.stop(), redis.stop(), mongo.stop()])
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, stop)
  // Servers don't keep their program alive, a timer does.
  setInterval(() => {}, 2 ** 30)
}

const commands = {
  up,
  available: async () => print(await findAvailable()),
}

if (!commands[command]) {
  process.stderr.write('usage: node scripts/servers/cli.mjs up [folder] | available\n')
  process.exit(2)
}
await ensureDependencies()
await commands[command]()
