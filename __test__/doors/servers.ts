// The doors that requests come through, each on a real socket.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { ConnectionManager } from 'studio-multidb'
import { attachWebSocket, createApiHandler, createWebHandler } from 'studio-multidb/next'
import { listen } from '../support/listen'

/** Who asks, by the token that a test's page would have. */
export const getUser = (headers: Record<string, string | string[] | undefined>) =>
  headers.authorization === 'Bearer good' || headers.cookie === 'session=good' ? 'ada' : null

interface Options {
  allowedOrigins?: string[]
}

export type Door = 'node:http' | 'next' | 'web'
export const doors: Door[] = ['node:http', 'next', 'web']

/** A server of each kind; `attachWebSocket` is on the first. */
export async function openDoors(manager: ConnectionManager, options: Options = {}) {
  const servers: Server[] = []
  const serve = (server: Server) => {
    servers.push(server)
    return listen(server)
  }
  const api = createApiHandler(manager, { ...options, getUser: ({ headers }) => getUser(headers) })
  const web = createWebHandler(manager, {
    ...options,
    getUser: ({ headers }) => getUser(Object.fromEntries(headers)),
  })
  const plain = createServer(api)
  attachWebSocket(plain, manager, { ...options, getUser: ({ headers }) => getUser(headers) })
  const ports: Record<Door, number> = {
    'node:http': await serve(plain),
    next: await serve(createServer((req, res) => asNextDoes(api, req, res))),
    web: await serve(createServer((req, res) => void asWebServersDo(web, req, res))),
  }
  return {
    ports,
    close: () => servers.forEach((server) => server.close().closeAllConnections()),
  }
}

/** Next reads the URL, walks its dots, mends its query, and gives the route what is left. */
function asNextDoes(
  handler: (req: IncomingMessage, res: ServerResponse) => unknown,
  req: IncomingMessage,
  res: ServerResponse
) {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost')
  const query = searchParams.toString()
  req.url = pathname.replace(/\/{2,}/g, '/') + (query && `?${query}`)
  handler(req, res)
}

/** A server whose handlers take a `Request`, as Bun, Deno and the app router have them. */
async function asWebServersDo(
  handler: (request: Request) => Promise<Response>,
  req: IncomingMessage,
  res: ServerResponse
) {
  const headers = new Headers()
  for (let at = 0; at < req.rawHeaders.length; at += 2) {
    headers.append(req.rawHeaders[at] ?? '', req.rawHeaders[at + 1] ?? '')
  }
  const method = req.method ?? 'GET'
  const { 'content-length': length, 'transfer-encoding': encoding } = req.headers
  const hasBody = method !== 'GET' && method !== 'HEAD' && (length ?? encoding)
  const body = hasBody
    ? { body: Readable.toWeb(req) as ReadableStream, duplex: 'half' as const }
    : {}
  let request: Request
  try {
    request = new Request(`http://${req.headers.host ?? 'localhost'}${req.url}`, {
      method,
      headers,
      ...body,
    })
  } catch {
    res.writeHead(400).end()
    return
  }
  const answer = await handler(request)
  res.writeHead(answer.status, Object.fromEntries(answer.headers))
  res.end(Buffer.from(await answer.arrayBuffer()))
}
