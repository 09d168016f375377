// A canary: a listener that nobody should ever connect to.

import { listenLocally } from './listener.mjs'

/**
 * Counts connections, keeps what they send, and never answers. On Linux every address of
 * 127.0.0.0/8 can be listened on, so that a canary can have an address of its own.
 *
 * @param {{ host?: string, port?: number }} [options]
 */
export async function sink(options = {}) {
  let attempts = 0
  const chunks = []
  const listener = await listenLocally(options, (socket) => {
    attempts++
    socket.on('data', (chunk) => chunks.push(chunk))
  })
  return {
    ...listener,
    /** How many connections were made so far. */
    attempts: () => attempts,
    /** All that was sent to it. */
    received: () => Buffer.concat(chunks),
  }
}
