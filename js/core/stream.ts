import type { ByteStream, Upload } from '../../index'
import type { Fault } from '../generated/schemas'
import { fromFault, fromNative } from './errors'

/** The bytes of a stream. Leaving the loop early, or aborting the signal, ends the work behind it. */
export async function* bytesOf(stream: ByteStream, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const onAbort = () => stream.cancel()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      const chunk = await stream.next().catch((error: unknown) => {
        throw fromNative(error)
      })
      signal?.throwIfAborted()
      if (chunk === null) return
      yield chunk
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
    stream.cancel()
  }
}

/** A body that is sent piece by piece. */
export type UploadSource =
  string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

/** The lines of a stream. */
export async function* lines(bytes: AsyncGenerator<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = []
  for await (const chunk of bytes) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const line = chunk.subarray(start, end)
      yield (rest.length > 0 ? Buffer.concat([...rest, line]) : line).toString()
      rest = []
      start = end + 1
    }
    if (start < chunk.length) rest.push(chunk.subarray(start))
  }
}

/** Hands a body over, as fast as it is read. Never rejects: the reader learns that it was cut off. */
export async function send(source: UploadSource, upload: Upload): Promise<void> {
  try {
    const pieces = typeof source === 'string' || source instanceof Uint8Array ? [source] : source
    for await (const piece of pieces) {
      const chunk = typeof piece === 'string' ? Buffer.from(piece) : toBuffer(piece)
      if (!(await upload.write(chunk))) return
    }
    await upload.end()
  } catch {
    upload.fail()
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A record of this package's own. One that tells of a failure is thrown as this package's error. */
export function record<T>(line: string): T {
  const told = JSON.parse(line) as T & { error?: Fault }
  if (typeof told === 'object' && told?.error?.outcome) throw fromFault(told.error)
  return told
}
