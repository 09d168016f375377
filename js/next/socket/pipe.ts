import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ByteStream, HandleResponse } from '../../../index'
import { bytesOf } from '../../core/stream'
import { ClientGone } from '../body'
import { happened } from '../happened'

/** How long a client may take to close after we did, in milliseconds. */
const PARTING_MS = 2000

/**
 * The bytes of a client, no faster than they are read. It ends when `leaving` is aborted, and fails
 * when the client has gone. The socket itself is left as it is: more may be written to it.
 */
export async function* arriving(
  socket: Duplex,
  head: Buffer,
  leaving: AbortSignal
): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  while (!leaving.aborted) {
    const chunk = socket.read() as Buffer | null
    if (chunk) yield chunk
    else if (socket.readableEnded || socket.destroyed) throw new ClientGone()
    else await happened(socket, ['readable', 'end', 'close'], leaving)
  }
}

/** Writes what the core has to say, no faster than the client reads it. */
export async function send(socket: Duplex, answer: HandleResponse): Promise<void> {
  const { stream } = answer
  socket.write(head(answer))
  if (stream) {
    // A client that has gone ends the work behind the stream, whether or not it has news.
    socket.once('close', () => stream.cancel())
    await sendStream(socket, stream)
  } else {
    socket.write(answer.body)
  }
}

/**
 * Ends a socket that nobody reads any more. What still comes is let go: closing over unread bytes
 * would reset the connection, and our last words might never be read.
 */
export function part(socket: Duplex): void {
  socket.end()
  socket.resume()
  const impatience = setTimeout(() => socket.destroy(), PARTING_MS).unref()
  socket.once('close', () => clearTimeout(impatience))
}

async function sendStream(socket: Duplex, stream: ByteStream): Promise<void> {
  try {
    for await (const chunk of bytesOf(stream)) {
      if (socket.destroyed) return
      if (!socket.write(chunk)) await happened(socket, ['drain', 'close'])
    }
  } catch {
    // The core has told the client what it could.
  }
}

function head({ status, headers, body }: HandleResponse): string {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`]
  for (const name in headers) lines.push(`${name}: ${headers[name]}`)
  if (status !== 101) lines.push('connection: close', `content-length: ${body.length}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
