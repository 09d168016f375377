// Free TCP ports on loopback.

import { createServer } from 'node:net'

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
 * A port that is free now. Another process may take it before it is used, which is why
 * {@link withFreePort} tries again.
 */
export async function freePort() {
  const server = await listen(0)
  const { port } = server.address()
  await close(server)
  return port
}

/** A free port whose number plus 10,000, a Redis cluster's bus port, is free too. */
export async function freePortWithBus() {
  for (;;) {
    const port = await freePort()
    if (port + BUS_OFFSET > 65_535) continue
    try {
      await close(await listen(port + BUS_OFFSET))
      return port
    } catch {
      continue
    }
  }
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
