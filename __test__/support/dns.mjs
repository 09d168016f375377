// A DNS server that knows a few names.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const TYPES = { A: 1, TXT: 16, SRV: 33 }
const NO_SUCH_NAME = 3

/**
 * @param {Record<string, { A?: string, TXT?: string, SRV?: { target: string, port: number }[] }>} zone
 *   by name, without the last dot
 * @param {number} [port]
 */
export async function dnsServer(zone, port = 53) {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = question(query)
    const known = zone[name]
    const answers = known ? answersOf(known, type) : []
    const head = Buffer.from(query.subarray(0, 12))
    head.writeUInt16BE(0x8580 | (known ? 0 : NO_SUCH_NAME), 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(answers.length, 6)
    head.writeUInt32BE(0, 8)
    const records = answers.map((data) => {
      const fixed = Buffer.alloc(12)
      fixed.writeUInt16BE(0xc00c) // the name of the question
      fixed.writeUInt16BE(type, 2)
      fixed.writeUInt16BE(1, 4)
      fixed.writeUInt32BE(60, 6)
      fixed.writeUInt16BE(data.length, 10)
      return Buffer.concat([fixed, data])
    })
    socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), port, address)
  })
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  return { stop: () => new Promise((resolve) => socket.close(resolve)) }
}

function question(query) {
  const labels = []
  let at = 12
  for (; query[at] !== 0; at += query[at] + 1) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]))
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function answersOf({ A, TXT, SRV = [] }, type) {
  if (type === TYPES.A && A) return [Buffer.from(A.split('.').map(Number))]
  if (type === TYPES.TXT && TXT) return [Buffer.from([TXT.length, ...Buffer.from(TXT)])]
  if (type === TYPES.SRV) return SRV.map(service)
  return []
}

function service({ target, port }) {
  const fixed = Buffer.alloc(6)
  fixed.writeUInt16BE(port, 4)
  const labels = target
    .split('.')
    .map((label) => Buffer.from([label.length, ...Buffer.from(label)]))
  return Buffer.concat([fixed, ...labels, Buffer.alloc(1)])
}
