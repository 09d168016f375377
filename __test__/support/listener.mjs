// What the fake servers have in common: a listener that doesn't keep its process alive.

import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * @param {{ host?: string, port?: number }} address port 0 for a free one
 * @param {(socket: import('node:net').Socket) => void} onConnection
 */
export async function listenLocally({ host = '127.0.0.1', port = 0 }, onConnection) {
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.unref()
    // Clients may leave in any manner they like.
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  server.listen({ host, port })
  await once(server, 'listening')
  server.unref()
  return {
    host,
    port: server.address().port,
    /** How many connections are open. */
    connections: () => sockets.size,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
