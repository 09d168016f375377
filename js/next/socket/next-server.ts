import { channel } from 'node:diagnostics_channel'
import { Server as HttpServer } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { ManagerSource, WebSocketOptions } from '../types'
import { attachWebSocket } from './attach'

/** Options of `attachToNext`. */
export interface NextSocketOptions extends WebSocketOptions {
  /** The port that Next serves on; unless given, `PORT`, which Next itself sets as it starts. */
  port?: number
}

/** Node tells of each connection before it reads a request from it, and of each request. */
const CHANNELS = [channel('net.server.socket'), channel('http.server.request.start')]

const CURRENT = Symbol.for('studio-multidb.attach-to-next')
const shared = globalThis as { [CURRENT]?: () => void }

/**
 * Serves this package's subscriptions on the server that Next makes for itself: under `next start`,
 * `next dev` and the standalone output, where no code of the Studio's sees the server. Call it from
 * `register()` in `instrumentation.ts`, which runs in the server's process; the server is found with
 * its first connection. Options are those of `attachWebSocket`. Returns a function that takes it away.
 *
 * @example
 * export async function register() {
 *   if (process.env.NEXT_RUNTIME === 'nodejs') {
 *     const { attachToNext } = await import('studio-multidb/next')
 *     attachToNext(() => new ConnectionManager(), { getUser })
 *   }
 * }
 */
export function attachToNext(manager: ManagerSource, options: NextSocketOptions = {}): () => void {
  shared[CURRENT]?.()
  let detach: (() => void) | undefined
  const look = (message: unknown) => {
    const server = serverIn(message)
    if (!server || !servesNext(server, options.port)) return
    stopLooking()
    detach = attachWebSocket(server, manager, options)
  }
  const stopLooking = () => CHANNELS.forEach((found) => found.unsubscribe(look))
  CHANNELS.forEach((found) => found.subscribe(look))
  return (shared[CURRENT] = () => {
    stopLooking()
    detach?.()
  })
}

/** A request names its server; a connection has it as a member, as it has had since Node began. */
function serverIn(message: unknown): HttpServer | HttpsServer | undefined {
  const { server, socket } = message as { server?: unknown; socket?: { server?: unknown } }
  const found = server ?? socket?.server
  return found instanceof HttpServer || found instanceof HttpsServer ? found : undefined
}

/** A process may have other servers, for metrics or debugging: what is not Next's is left alone. */
function servesNext(server: HttpServer | HttpsServer, wanted = Number(process.env.PORT)): boolean {
  const address = server.address()
  return typeof address === 'object' && address !== null && (!wanted || address.port === wanted)
}
