// Free TCP ports on loopback.

import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'

const HOST = '127.0.0.1'

export const BUS_OFFSET = 10_000

function listen(port) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: HOST }, () => resolve(server))
  })
}

const close = (server) => new Promise((resolve) => server.close(resolve))

/**
 * Below the ports that systems hand out for outgoing connections: one of those could take a
 * server's port while it is restarted.
 */
const FIRST = 12_000
const LAST = 32_000

/**
 * A port that is free now. Another process may take it before it is used, which is why
 * {@link withFreePort} tries again.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(FIRST, LAST + 1)
    try {
      await close(await listen(port))
      return port
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error
    }
  }
}

/** A free port whose number plus 10,000, a Redis cluster's bus port, is free too. */
export async function freePortWithBus() {
  for (;;) {
    const port = await freePort()
    try {
      await close(await listen(port + BUS_OFFSET))
      return port
    } catch {
      continue
    }
  }
}

/** Whether something listens there. */
export function listens({ port, host = HOST }) {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

/**
 * Calls `start(port)` with the wanted port, or else with picked ones until it doesn't fail
 * because somebody else took the port in between.
 *
 * @template T
 * @param {number | undefined} wanted
 * @param {(port: number) => Promise<T>} start
 * @param {() => Promise<number>} [pick]
 * @returns {Promise<T>}
 */
export async function withFreePort(wanted, start, pick = freePort) {
  if (wanted) return start(wanted)
  for (let attempt = 1; ; attempt++) {
    const port = await pick()
    try {
      return await start(port)
    } catch (error) {
      if (attempt === 5 || !/in use|EADDRINUSE/i.test(error.message)) throw error
    }
  }
}
