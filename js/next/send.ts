import { ServerResponse } from 'node:http'
import type { HandleResponse } from '../../index'
import { bytesOf } from '../core/stream'
import { happened } from './happened'
import type { ApiResponse } from './types'

/** Writes an answer. A streamed one is written as fast as the client reads it. */
export async function send(response: ApiResponse, answer: HandleResponse, method: string) {
  const { status, headers, body, stream } = answer
  response.statusCode = status
  for (const name in headers) response.setHeader(name, headers[name] ?? '')
  if (stream && method === 'HEAD') stream.cancel()
  if (stream && method !== 'HEAD') return sendStream(response, stream)
  if (status !== 204 && !stream) response.setHeader('content-length', String(body.length))
  if (method === 'HEAD' || status === 204) response.end()
  else response.end(asItIsRead(response, body))
}

/** Mocks and shims of `res` keep text apart from bytes, and show what was sent as text. */
function asItIsRead(response: ApiResponse, body: Buffer): Buffer | string {
  return response instanceof ServerResponse ? body : body.toString()
}

async function sendStream(response: ApiResponse, stream: NonNullable<HandleResponse['stream']>) {
  response.on?.('close', () => stream.cancel())
  if (!response.write || !response.once) {
    const chunks: Buffer[] = []
    for await (const chunk of bytesOf(stream)) chunks.push(chunk)
    response.end(asItIsRead(response, Buffer.concat(chunks)))
    return
  }
  // Whoever waits for the first event must know that the request was accepted.
  response.flushHeaders?.()
  try {
    for await (const chunk of bytesOf(stream)) {
      if (response.destroyed) return
      if (!response.write(chunk)) await happened(response, ['drain', 'close'])
    }
    response.end()
  } catch {
    // A body that ends properly would look whole; this one isn't.
    response.destroy?.()
  }
}
