import type { ByteStream } from '../../index'
import { bytesOf } from '../core/stream'
import { capped, LET_BY_MS } from './body'
import { createExchange } from './exchange'
import { parseTarget } from './paths'
import type { ManagerSource, WebHandlerOptions } from './types'

/** The status that servers log for a client that left; nobody receives it. */
const CLIENT_CLOSED_REQUEST = 499

/** A handler of the app router, TanStack Start, Bun, Deno. */
export type WebHandler = (request: Request) => Promise<Response>

/**
 * An adapter for `Request → Response`. Aborting `request.signal` ends the work on the server. Its
 * promise never rejects.
 *
 * @example
 * const handler = createWebHandler(() => new ConnectionManager(), { getUser })
 * export { handler as GET, handler as POST, handler as PUT, handler as PATCH, handler as DELETE }
 */
export function createWebHandler(
  manager: ManagerSource,
  options: WebHandlerOptions = {}
): WebHandler {
  const { basePath, getUser, getRemoteAddress } = options
  const exchange = createExchange(manager, options)

  return async (request) => {
    const answer = await exchange({
      method: request.method,
      // A `#` in it was sent as it is, as clients that know URLs never do: the core refuses it.
      target: parseTarget(request.url, basePath),
      headers: headersOf(request),
      remoteAddress: getRemoteAddress?.(request),
      getUser: () => getUser?.(request),
      isUnsized: request.body !== null,
      readBody: (limit) => readBody(request, limit),
      streamBody: () => (request.body ? piecesOf(request.body) : undefined),
      signal: request.signal,
    })
    if (!answer) return new Response(null, { status: CLIENT_CLOSED_REQUEST })
    const { status, headers, body, stream } = answer
    if (stream) return new Response(readable(stream, request), { status, headers })
    if (status === 204) return new Response(null, { status, headers })
    const sized = { ...headers, 'content-length': String(body.length) }
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(body), {
      status,
      headers: sized,
    })
  }
}

/** Not every server keeps the `Host` header; the URL has it too. */
function headersOf({ headers, url }: Request): Record<string, string> {
  return { host: new URL(url).host, ...Object.fromEntries(headers) }
}

/** A body that is made as fast as it is read. */
function readable(stream: ByteStream, request: Request): ReadableStream<Uint8Array> | null {
  if (request.method === 'HEAD') {
    stream.cancel()
    return null
  }
  const bytes = bytesOf(stream, request.signal)
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await bytes.next()
        if (done) controller.close()
        else controller.enqueue(new Uint8Array(value))
      } catch (error) {
        controller.error(error)
      }
    },
    cancel: () => stream.cancel(),
  })
}

/** Its reader may stop early, and the answer must still get through. */
async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  let ended = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      ended = done
      if (done) return
      yield value
    }
  } finally {
    if (!ended) void letBy(reader)
  }
}

/** Reads the rest and drops it, for a while: a server whose body is cancelled may close the socket at once. */
async function letBy(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const cancel = () => void reader.cancel().catch(() => {})
  const timer = setTimeout(cancel, LET_BY_MS)
  try {
    // Other work comes first, also where the rest is there at once and has no end.
    while (!(await reader.read()).done) await new Promise((resolve) => setTimeout(resolve))
  } catch {
    // The client has left.
  } finally {
    clearTimeout(timer)
  }
}

async function readBody(request: Request, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  if (request.body) {
    for await (const piece of capped(piecesOf(request.body), limit)) chunks.push(piece)
  }
  const bytes = Buffer.concat(chunks)
  return bytes.length === 0 ? undefined : bytes
}
