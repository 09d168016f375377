import type { IncomingMessage } from 'node:http'

/** Whether a request asks to become a WebSocket. */
export function isWebSocket({ method, headers }: IncomingMessage): boolean {
  const asked = (headers.upgrade ?? '').toLowerCase().split(',')
  return method === 'GET' && asked.some((protocol) => protocol.trim() === 'websocket')
}

const CREDENTIALS = /^bearer\.(.+)$/

/**
 * A browser can't give a WebSocket headers of its own, only subprotocols: the token of
 * `['studio-multidb', 'bearer.<token>']` is moved to where every other request has it. The core sees
 * just the names that it may answer with.
 */
export function moveCredentials({ headers }: IncomingMessage): void {
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim())
  if (!offered) return
  const token = offered.map((name) => CREDENTIALS.exec(name)?.[1]).find(Boolean)
  if (token) headers.authorization ??= `Bearer ${token}`
  headers['sec-websocket-protocol'] = offered.filter((name) => !CREDENTIALS.test(name)).join(', ')
}
