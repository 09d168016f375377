// A WebSocket client that takes frames as cheaply as it can: with a client's usual care, the clients
// would need more of the machine than the servers that are measured.

import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { once } from 'node:events'

/** Opens one. `taken` is called with the payload of each frame, as long as the call lasts. */
export async function subscribe({ port, path }, taken) {
  const asking = request({
    port,
    host: '127.0.0.1',
    path,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    },
  }).end()
  const [, socket, head] = await once(asking, 'upgrade')
  let rest = Buffer.alloc(0)
  const take = (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (let end = frameEnd(bytes, at); end <= bytes.length; end = frameEnd(bytes, at)) {
      const isText = (bytes[at] & 0x0f) === 1
      if (isText) taken(bytes, at + headLength(bytes, at), end)
      at = end
    }
    rest = bytes.subarray(at)
  }
  take(head)
  socket.on('data', take)
}

const headLength = (bytes, at) => (bytes[at + 1] < 126 ? 2 : bytes[at + 1] === 126 ? 4 : 10)

/** Where the frame at `at` ends; without its head it ends beyond any bytes. */
function frameEnd(bytes, at) {
  if (bytes.length < at + 2 || bytes.length < at + headLength(bytes, at)) return Infinity
  const length = bytes[at + 1]
  if (length < 126) return at + 2 + length
  return length === 126
    ? at + 4 + bytes.readUInt16BE(at + 2)
    : at + 10 + Number(bytes.readBigUInt64BE(at + 2))
}
