import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'

/** `.` and `..`, also where they are encoded, or nothing, between two slashes or at the end. */
const WALKED = /\/(?:(?:\.|%2e){1,2}(?=\/|$)|(?=\/))/i

/** What URL parsers replace: `\`, and what can't stand in a URL as it is. */
const REPLACED = /[^\x21-\x7e]|[\\#]/

/** URLs that others change when they read them, as they were sent. */
const odd = new WeakMap<object, string>()

// A framework hands over what it has made of the URL: `/keys/.` is then `/keys/`, another key. Node
// tells of each request before anybody can change it.
subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage }
  if (request.url !== undefined && !isPlain(request.url)) odd.set(request, request.url)
})

/** The URL of a request: as it was sent where it can't have passed unchanged, for the core to refuse. */
export function rawUrl(request: { url?: string | undefined }): string {
  return odd.get(request) ?? request.url ?? '/'
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
