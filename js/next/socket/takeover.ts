import { type IncomingMessage, Server as HttpServer } from 'node:http'
import { Server as TlsServer } from 'node:tls'
import type { Duplex } from 'node:stream'

/** Takes a request that wants another protocol, or leaves it (`false`) to whoever else listens. */
export type Take = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

/** The part of a server that is used: of `node:http`, or of `node:https`. */
export type UpgradeServer = Pick<HttpServer, 'emit' | 'on' | 'off' | 'close' | 'listenerCount'>

/** What is done before a server's own listeners hear of it. */
interface Takeover {
  take: Take
  closing: () => void
}

/** Where a server keeps it: found by every copy of this module, as a Studio in development has many. */
const TAKEOVER = Symbol.for('studio-multidb.takeover')

type TakenServer = UpgradeServer & { [TAKEOVER]?: { current: Takeover | undefined } }

/**
 * Puts `takeover` before all listeners of a server, also those that are added later: Next adds its
 * own when the first request comes, and they end whatever they do not know. On a server that has one
 * already it replaces that. Returns what takes it away again.
 */
export function takeOver(server: UpgradeServer, takeover: Takeover): () => void {
  const taken = server as TakenServer
  const slot = (taken[TAKEOVER] ??= install(server))
  slot.current = takeover
  return () => {
    if (slot.current === takeover) slot.current = undefined
  }
}

function install(server: UpgradeServer): { current: Takeover | undefined } {
  const slot: { current: Takeover | undefined } = { current: undefined }
  const { emit, close } = server
  server.emit = function (this: HttpServer, event: string, ...args: unknown[]) {
    if (event === 'upgrade') {
      const [request, socket, head] = args as [IncomingMessage, Duplex, Buffer]
      if (slot.current?.take(request, socket, head)) return true
    }
    return Reflect.apply(emit, this, [event, ...args]) as boolean
  } as HttpServer['emit']
  // A server that is closed waits for its sockets, and these would stay for ever.
  server.close = function (this: HttpServer, ...args: Parameters<HttpServer['close']>) {
    slot.current?.closing()
    return Reflect.apply(close, this, args) as HttpServer
  }
  // Without a listener the server takes every request for a plain one and tells nobody.
  server.on('upgrade', (request, socket, head) => {
    if (server.listenerCount('upgrade') === 1) asPlainRequest(server, request, socket, head)
  })
  return slot
}

/**
 * Does what the server would do if nobody listened: answers as if the other protocol had not been
 * offered. Clients that offer HTTP/2 this way count on it.
 */
function asPlainRequest(
  server: UpgradeServer,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer
): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!/^(upgrade|http2-settings)$/i.test(rawHeaders[i] ?? '')) {
      lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
    }
  }
  const again = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  socket.unshift(Buffer.concat([again, head]))
  const begins = server instanceof TlsServer ? 'secureConnection' : 'connection'
  server.emit(begins, socket)
}
