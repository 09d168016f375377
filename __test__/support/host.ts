import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { join } from 'node:path'
import { ConnectionManager } from 'studio-multidb'
import { freePort } from '../../scripts/servers/ports.mjs'
import { eventually, firstLine, root, type Running, startNode } from './processes'
import { sql } from './stack'

/** Servers that no other test talks to, so that their connections can be counted. */
export interface Servers {
  env: Record<string, string>
  redisClients(): Promise<number>
  platformSessions(): Promise<number>
  stop(): Promise<void>
}

export async function startServers(): Promise<Servers> {
  const running = startNode([join('scripts', 'servers', 'cli.mjs'), 'up'], { cwd: root })
  const { postgres, redis } = JSON.parse(await firstLine(running)) as Record<
    'postgres' | 'redis',
    { url: string }
  >
  await sql(postgres.url, 'CREATE DATABASE platform')
  const databaseUrl = postgres.url.replace(/\/postgres$/, '/platform')
  const env = {
    DATABASE_URL: databaseUrl,
    DATABASE_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
    REDIS_URL: redis.url,
    LOG_LEVEL: 'warn',
  }
  const manager = new ConnectionManager({ databaseUrl, logLevel: 'off' })
  await manager.native.migrate(false)
  await manager.shutdown()
  return {
    env,
    redisClients: () => countRedisClients(Number(new URL(redis.url).port)),
    async platformSessions() {
      // Autovacuum has its own sessions.
      const query = `SELECT count(*)::int AS n FROM pg_stat_activity
                     WHERE datname = 'platform' AND backend_type = 'client backend'`
      return Number((await sql(postgres.url, query))[0]?.n)
    },
    stop: () => running.stop(),
  }
}

/** How many others are connected. */
function countRedisClients(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1')
    socket.setEncoding('utf8').on('error', reject)
    socket.on('data', (chunk: string) => (text += chunk))
    socket.on('close', () => resolve((text.match(/^(txt:)?id=/gm) ?? []).length - 1))
    socket.write('CLIENT LIST\r\nQUIT\r\n')
  })
}

/** A Studio host that answers. */
export interface Host extends Running {
  url: string
}

/** Starts a program that serves on a port, and waits until the package answers through it. */
export async function startHost(
  args: (port: number) => string[],
  options: { cwd: string; env: Record<string, string> },
  headers: Record<string, string> = {}
): Promise<Host> {
  const port = await freePort()
  const env = { ...options.env, PORT: String(port), HOSTNAME: '127.0.0.1' }
  const running = startNode(args(port), { ...options, env })
  const url = `http://127.0.0.1:${port}`
  await eventually(`${url} answering`, async () => {
    if (running.child.exitCode !== null) return true
    return (await fetch(`${url}/api/platform/multidb/health`, { headers })).ok
  }).catch(async (error: unknown) => {
    await running.stop()
    throw new Error(running.output(), { cause: error })
  })
  return { ...running, url }
}
