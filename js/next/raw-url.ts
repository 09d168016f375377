import { subscribe } from 'node:diagnostics_channel'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'

/** `.` and `..`, also where they are encoded, or nothing, between two slashes or at the end. */
const WALKED = /\/(?:(?:\.|%2e){1,2}(?=\/|$)|(?=\/))/i

/** What URL parsers replace: `\`, and what can't stand in a URL as it is. */
const REPLACED = /[^\x21-\x7e]|[\\#]/

/** URLs that others change when they read them, as they were sent. */
const odd = new WeakMap<object, string>()

/** Requests whose URL was read before anybody could change it. */
const seen = new WeakSet<object>()

/** Paths that name one thing of several, which may be another once dots were walked. */
const NAMING = /\/(?:keys|documents|collections|databases|indexes)\/[^/]/

/** Only there is every request of a server told of. */
const isNode = !('Bun' in globalThis) && !('Deno' in globalThis)

// A framework hands over what it has made of the URL: `/keys/.` is then `/keys/`, another key. Node
// tells of each request before anybody can change it.
subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage }
  seen.add(request)
  if (request.url !== undefined && !isPlain(request.url)) odd.set(request, request.url)
})

/** The URL of a request: as it was sent where it can't have passed unchanged, for the core to refuse. */
export function rawUrl(request: { url?: string | undefined }): string {
  return odd.get(request) ?? request.url ?? '/'
}

/**
 * Whether a request may have named something else when it was sent, and would change it: one that began
 * before this module was loaded, as the first of a route that is loaded when it is asked for. Sent again
 * it is seen.
 */
export function isUncertain(request: object, method: string, path: string): boolean {
  if (!isNode || seen.has(request) || !(request instanceof IncomingMessage)) return false
  // Others make such messages too, without a server.
  if (!(request.socket instanceof Socket)) return false
  return !['GET', 'HEAD', 'OPTIONS'].includes(method) && NAMING.test(path)
}

/** Whether every reader of a URL finds the same in it. */
function isPlain(url: string): boolean {
  if (REPLACED.test(url)) return false
  if (WALKED.test(url.split('?', 1)[0] ?? '')) return false
  if (!url.includes('%')) return true
  try {
    decodeURIComponent(url)
    return true
  } catch {
    return false
  }
}
