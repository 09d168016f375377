// A TCP proxy that breaks connections on purpose, in one known way at a time.

import { once } from 'node:events'
import { createServer } from 'node:net'
import { createSecureContext } from 'node:tls'

import { Link } from './link.mjs'
import { createPicker } from './matcher.mjs'
import { seededRandom } from './random.mjs'

const HOST = '127.0.0.1'

/**
 * What goes wrong. `reset: true` cuts with a TCP reset instead of an end of stream.
 *
 * - `latency`: every byte is late by `ms`, each way.
 * - `blackhole`: connections are accepted and never answered; open ones fall silent.
 * - `half-open`: open connections fall silent, and stay so when the fault ends.
 * - `refuse`: nobody listens on the port; open connections are reset.
 * - `reset`: connections are reset, at once or, with `at: 'request'`, at their next request.
 * - `cut-reply`: a connection ends after `bytes` bytes of replies.
 * - `cut-before-execution`: picked requests don't reach the server, and their connection ends.
 * - `cut-after-execution`: picked requests are executed, and their connection ends before any
 *   answer to them is passed on.
 * - `chunks`: everything comes in pieces of `bytes`, 1 unless given.
 * - `garbage`: replies are replaced by `bytes`, or by as many random ones.
 *
 * @typedef {{ kind: 'latency', ms: number }
 *   | { kind: 'blackhole' } | { kind: 'half-open' } | { kind: 'refuse' }
 *   | { kind: 'reset', at?: 'request' }
 *   | { kind: 'cut-reply', bytes: number, reset?: boolean }
 *   | { kind: 'cut-before-execution', reset?: boolean } & import('./matcher.mjs').Selection
 *   | { kind: 'cut-after-execution', reset?: boolean } & import('./matcher.mjs').Selection
 *   | { kind: 'chunks', bytes?: number }
 *   | { kind: 'garbage', bytes?: Buffer, seed?: number }} Fault
 */

/** @typedef {Fault & { picker?: object, random?: (length: number) => Buffer }} ArmedFault */

const kinds = new Set([
  ...['latency', 'blackhole', 'half-open', 'refuse', 'reset', 'cut-reply', 'chunks', 'garbage'],
  ...['cut-before-execution', 'cut-after-execution'],
])

/** @param {Fault | null} fault @returns {ArmedFault | null} */
function arm(fault) {
  if (fault === null) return null
  if (!kinds.has(fault.kind)) throw new TypeError(`no fault is called ${fault.kind}`)
  if (fault.kind.endsWith('-execution')) return { ...fault, picker: createPicker(fault) }
  if (fault.kind === 'chunks') return { ...fault, bytes: fault.bytes ?? 1 }
  if (fault.kind !== 'garbage') return fault
  const random = seededRandom(fault.seed ?? 1)
  return {
    ...fault,
    random: (length) => Buffer.from(Array.from({ length }, () => random() * 256)),
  }
}

/**
 * @param {object} options
 * @param {{ host?: string, port: number }} options.target
 * @param {{ key: string, cert: string }} [options.tls] ends TLS here; the target gets plain text
 * @param {number} [options.port] to listen on
 * @param {Fault} [options.fault]
 * @param {boolean} [options.record] keeps what clients send, for `received()`
 */
export async function createProxy({ target, tls, port = 0, fault = null, record = false }) {
  const links = new Set()
  const chunks = []
  let armed = arm(fault)
  let accepted = 0
  let fired = 0

  const shared = {
    target: { host: target.host ?? HOST, port: target.port },
    secureContext: tls && createSecureContext(tls),
    fault: () => armed,
    seen: (chunk) => record && chunks.push(chunk),
    fired: () => fired++,
  }

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted++
    const link = new Link(socket, shared)
    links.add(link)
    if (socket.destroyed) links.delete(link)
    else socket.on('close', () => links.delete(link))
  })

  async function listen() {
    server.listen({ host: HOST, port })
    await once(server, 'listening')
    server.unref()
    port = server.address().port
  }

  if (armed?.kind !== 'refuse' || port === 0) await listen()
  if (armed?.kind === 'refuse') server.close()

  return {
    host: HOST,
    port,

    /** A connection string of the target, leading through the proxy. */
    through(url) {
      const address = /((?:localhost|[\d.]+|\[[\d:a-f]+\]):)\d+/
      return url.replace(address, `${HOST}:${port}`)
    },

    /** Changes what goes wrong, for open connections too; null ends it. @param {Fault | null} to */
    async setFault(to) {
      const next = arm(to)
      armed = next
      for (const link of [...links]) link.applyFault()
      if (next?.kind === 'refuse') server.close()
      else if (!server.listening) await listen()
    },

    /** How many client connections are open. */
    connections: () => links.size,
    /** How many were accepted so far. */
    accepted: () => accepted,
    /** How many were accepted and have been closed. */
    closed: () => accepted - links.size,
    /** How often a fault that picks its moment has struck. */
    fired: () => fired,
    /** All that clients have sent, decrypted where the proxy ends TLS; with `record`. */
    received: () => Buffer.concat(chunks),

    /** Resets every connection and stops listening. */
    async stop() {
      for (const link of [...links]) link.reset()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}
