// The local servers, with their data in `.data`.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { startMongo, startPostgres, startRedis } from '../servers/index.mjs'
import { startService } from './service.mjs'
import { dataFolder } from './settings.mjs'

/** @param {{ serviceKey: string, ports: Record<string, number> }} settings */
export async function startServers({ serviceKey, ports }) {
  const folder = join(dataFolder, 'servers')
  await mkdir(folder, { recursive: true })
  const at = (name) => ({ dataDir: join(folder, name), port: ports[name] })
  const [postgres, redis, mongo, service] = await Promise.all([
    startPostgres(at('postgres')),
    startRedis(at('redis')),
    startMongo(at('mongo')),
    startService(ports.service, serviceKey),
  ])
  for (const [name, { url, version }] of Object.entries({
    PostgreSQL: postgres,
    Redis: redis,
    MongoDB: mongo,
  })) {
    process.stderr.write(`Started ${name} (${version}) at ${url.replace(/:[^:@/]+@/, ':***@')}\n`)
  }
  return {
    postgres,
    redis,
    mongo,
    service,
    stop: () => Promise.all([postgres, redis, mongo, service].map((server) => server.stop())),
  }
}
