import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { createExchange } from '../exchange'
import { isOurs, parseTarget } from '../paths'
import type { ManagerSource, WebSocketOptions } from '../types'
import { isWebSocket, moveCredentials } from './handshake'
import { arriving, part, send } from './pipe'
import { takeOver, type UpgradeServer } from './takeover'

/**
 * Serves this package's subscriptions as WebSockets on a server of `node:http` or `node:https`, beside
 * whatever else it serves: only requests for this package's paths are taken. To attach again replaces
 * what was attached before, so a module that is reloaded may do it each time. Returns a function that
 * takes it away; sockets that are open stay.
 *
 * A page connects with `new WebSocket(url)`, or, where users log in with a token,
 * `new WebSocket(url, ['studio-multidb', 'bearer.' + token])`: `getUser` finds the token in
 * `request.headers.authorization`.
 *
 * @example
 * const server = createServer(createApiHandler(manager, { getUser, fallthrough }))
 * attachWebSocket(server, manager, { getUser })
 */
export function attachWebSocket(
  server: UpgradeServer,
  manager: ManagerSource,
  options: WebSocketOptions = {}
): () => void {
  const { basePath, getUser, onError = console.error } = options
  const exchange = createExchange(manager, options)
  const open = new Set<AbortController>()

  const serve = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const client = new AbortController()
    const leaving = new AbortController()
    socket.on('error', () => {})
    socket.once('close', () => {
      client.abort()
      open.delete(leaving)
    })
    moveCredentials(request)
    unhurried(socket)
    open.add(leaving)
    const answer = await exchange({
      method: 'GET',
      target: parseTarget(request.url ?? '/', basePath),
      headers: request.headers,
      remoteAddress: request.socket.remoteAddress,
      getUser: () => getUser?.(request),
      readBody: () => Promise.resolve(undefined),
      streamBody: () => arriving(socket, head, leaving.signal),
      isSocket: true,
      signal: client.signal,
    })
    if (!answer) return void socket.destroy()
    await send(socket, answer)
    leaving.abort()
    part(socket)
  }

  return takeOver(server, {
    take(request, socket, head) {
      const { path } = parseTarget(request.url ?? '/', basePath)
      if (!isOurs(path) || !isWebSocket(request)) return false
      serve(request, socket, head).catch((error: unknown) => {
        onError(error)
        socket.destroy()
      })
      return true
    },
    closing() {
      for (const leaving of open) leaving.abort()
    },
  })
}

/** Messages are sent as they come, and silence is the core's to judge. */
function unhurried(
  socket: Duplex & { setNoDelay?(on: boolean): void; setTimeout?(ms: number): void }
) {
  socket.setNoDelay?.(true)
  socket.setTimeout?.(0)
}
