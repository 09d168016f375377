// A primary, its replica, and the sentinels that watch them and fail over.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { withFreePort } from './ports.mjs'
import { findRedis } from './redis-binary.mjs'
import { startRedis } from './redis.mjs'
import { redisCommand } from './resp.mjs'
import { removeTemporaryFolder, superviseProcess, temporaryFolder } from './supervised.mjs'
import { waitFor } from './wait.mjs'

const HOST = '127.0.0.1'
const FORMING_MS = 30_000

/**
 * @param {object} [options]
 * @param {number} [options.sentinels] 1 or 3
 * @param {string} [options.name] of the watched primary
 * @param {string} [options.generation]
 * @param {string} [options.password] of the watched servers
 * @param {number} [options.downAfterMs] of silence before the primary counts as down
 */
export async function startSentinel(options = {}) {
  const { sentinels: count = 1, name = 'mymaster', generation, password } = options
  const { downAfterMs = 1_000 } = options
  const program = await findRedis(generation)
  const primary = await startRedis({ generation, password })
  const replica = await startRedis({
    generation,
    password,
    args: ['--replicaof', HOST, String(primary.port)],
  })
  const quorum = Math.floor(count / 2) + 1
  const config = [
    `bind ${HOST}`,
    `sentinel monitor ${name} ${HOST} ${primary.port} ${quorum}`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel failover-timeout ${name} 5000`,
    ...(password ? [`sentinel auth-pass ${name} ${password}`] : []),
  ]
  const sentinels = await Promise.all(
    Array.from({ length: count }, () => startOne(program, config))
  )

  const ask = (sentinel, ...command) =>
    redisCommand({ port: sentinel.port }, 'SENTINEL', ...command)
  await waitFor(
    async () => {
      for (const sentinel of sentinels) {
        const known = fields(await ask(sentinel, 'MASTER', name))
        if (known['num-slaves'] !== '1') return false
        if (known['num-other-sentinels'] !== String(count - 1)) return false
        const [found] = await ask(sentinel, 'REPLICAS', name)
        if (fields(found)['master-link-status'] !== 'ok') return false
      }
      return true
    },
    { timeoutMs: FORMING_MS, everyMs: 50, what: 'the sentinels knowing each other' }
  )

  return {
    name,
    host: HOST,
    sentinels,
    /** The two servers; which of them is the primary changes with a failover. */
    servers: [primary, replica],
    password,
    generation: program.generation,
    version: program.version,
    /** The server that is the primary now, as the sentinels see it. */
    async primary() {
      const [, port] = await ask(sentinels[0], 'GET-MASTER-ADDR-BY-NAME', name)
      return [primary, replica].find((server) => server.port === Number(port))
    },
    /** Makes the replica the primary and waits until it is. */
    async failover() {
      const [, before] = await ask(sentinels[0], 'GET-MASTER-ADDR-BY-NAME', name)
      await ask(sentinels[0], 'FAILOVER', name)
      await waitFor(
        async () => {
          const [, now] = await ask(sentinels[0], 'GET-MASTER-ADDR-BY-NAME', name)
          return now !== before
        },
        { timeoutMs: FORMING_MS, what: 'the failover' }
      )
    },
    async stop() {
      await Promise.all(sentinels.map((sentinel) => sentinel.stop()))
      await Promise.all([primary.stop(), replica.stop()])
    },
  }
}

async function startOne(program, config) {
  const folder = await temporaryFolder()
  const file = join(folder, 'sentinel.conf')
  return withFreePort(undefined, async (port) => {
    // A sentinel writes what it learns into its configuration file.
    await writeFile(file, [`port ${port}`, `dir ${folder}`, ...config, ''].join('\n'))
    const server = await superviseProcess({
      command: program.command,
      args: [file, '--sentinel'],
      log: join(folder, 'server.log'),
      env: { ...process.env, ...program.env },
    })
    await waitFor(
      async () => {
        await server.check()
        return (await redisCommand({ port }, 'PING')) === 'PONG'
      },
      { what: `a sentinel on port ${port} answering` }
    )
    return {
      host: HOST,
      port,
      signal: server.signal,
      async stop() {
        await server.stop()
        await removeTemporaryFolder(folder)
      },
    }
  })
}

/** Names and values in turn, as an object. */
function fields(list) {
  const object = {}
  for (let i = 0; i < list.length; i += 2) object[list[i]] = list[i + 1]
  return object
}
