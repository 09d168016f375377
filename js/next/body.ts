import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { tooLarge } from './failure'
import type { ApiRequest } from './types'

/** How long the rest of a body is let by after the answer. */
export const LET_BY_MS = 5000

/** The client has left before its request was whole: there is nobody to answer. */
export class ClientGone extends Error {}

/**
 * The body of a request, from its stream or from where a body parser has put it. A parser has
 * already rounded integers past 2^53, so routes do better without one.
 */
export async function readBody(request: ApiRequest, limit: number): Promise<Buffer | undefined> {
  const { body } = request
  if (body === undefined || body === null) {
    return isStream(request) ? readStream(request, limit) : undefined
  }
  const bytes = toBytes(body)
  if (bytes.length > limit) throw tooLarge(limit)
  return bytes
}

/** The body while it arrives, where nobody has read it yet. */
export function streamBody(request: ApiRequest): AsyncIterable<Uint8Array> | undefined {
  const { body } = request
  if (body !== undefined && body !== null) return undefined
  return isStream(request) && !request.readableEnded ? piecesOf(request) : undefined
}

/** Its reader may stop early, and the answer must still get through: the rest is let by. */
async function* piecesOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false })) {
      yield piece as Uint8Array
    }
  } finally {
    // Not at once: the iterator leaves its `readable` listener with a tick's delay, which stops the flow.
    setImmediate(() => request.resume())
  }
}

/**
 * Lets the rest of a body by that was answered before its end, and hangs up if it takes too long. At
 * once would lose the answer: a socket that is closed with bytes unread resets, and its client drops what it
 * had not read either.
 */
export function letBy(request: ApiRequest): void {
  if (!isStream(request) || request.complete !== false || request.destroyed) return
  request.resume()
  const timer = setTimeout(() => request.destroy(), LET_BY_MS).unref()
  request.once('close', () => clearTimeout(timer))
}

/** The same pieces, up to the error after `limit` bytes, which also calls `over`. */
export async function* capped(
  pieces: AsyncIterable<Uint8Array>,
  limit: number,
  over?: () => void
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const piece of pieces) {
    size += piece.length
    if (size > limit) {
      over?.()
      throw tooLarge(limit)
    }
    yield piece
  }
}

function toBytes(body: unknown): Buffer {
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return Buffer.from(JSON.stringify(body))
}

function isStream(request: ApiRequest): request is ApiRequest & IncomingMessage {
  return typeof (request as Partial<Readable>).on === 'function'
}

function readStream(stream: Readable, limit: number): Promise<Buffer | undefined> {
  // Whoever has read it, has it; no `end` will come again.
  if (stream.readableEnded) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const stop = (finish: () => void) => {
      stream.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone)
      finish()
    }
    const onData = (chunk: Buffer | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      size += bytes.length
      if (size > limit) stop(() => reject(tooLarge(limit)))
      else chunks.push(bytes)
    }
    const onEnd = () => stop(() => resolve(size === 0 ? undefined : Buffer.concat(chunks, size)))
    const onGone = () => stop(() => reject(new ClientGone()))
    stream.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
}
