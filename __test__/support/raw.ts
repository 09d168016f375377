// Requests as bytes on a socket: nothing on this side changes them.

import { connect } from 'node:net'

/** An answer to a request that was written by hand. */
interface RawAnswer {
  status: number
  headers: Record<string, string>
  text: string
}

/** Sends bytes and reads until the server closes, or has agreed to another protocol. */
export async function sendBytes(port: number, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes)
  let read = Buffer.alloc(0)
  for await (const chunk of socket) {
    read = Buffer.concat([read, chunk as Buffer])
    if (/^HTTP\/1\.1 101 [^]*\r\n\r\n/.test(read.toString('latin1'))) break
  }
  socket.destroy()
  const text = read.toString()
  const end = text.indexOf('\r\n\r\n')
  const [line = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((each): [string, string] => {
    const colon = each.indexOf(':')
    return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()]
  })
  return {
    status: Number(line.split(' ')[1]),
    headers: Object.fromEntries(headers),
    text: text.slice(end + 4),
  }
}

/** A request without a header that is not given, but what ends it. */
export function requestBytes(
  method: string,
  target: string,
  headers: Record<string, string>,
  body = ''
): string {
  const all = { connection: 'close', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  const length = body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]
  return [`${method} ${target} HTTP/1.1`, ...lines, ...length, '', body].join('\r\n')
}
