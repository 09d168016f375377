// A DNS server that knows a few names.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'

import dns from 'dns-packet'

const FLAGS = dns.AUTHORITATIVE_ANSWER | dns.RECURSION_DESIRED | dns.RECURSION_AVAILABLE
const NO_SUCH_NAME = 3

/**
 * @param {Record<string, { A?: string, TXT?: string, SRV?: { target: string, port: number }[] }>} zone
 *   by name, without the last dot
 */
export async function dnsServer(zone) {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const { id, questions } = dns.decode(query)
    const [{ name, type }] = questions
    const known = zone[name.toLowerCase()]
    const answer = dns.encode({
      type: 'response',
      id,
      flags: FLAGS | (known ? 0 : NO_SUCH_NAME),
      questions,
      answers: [known?.[type] ?? []].flat().map((data) => ({ name, type, ttl: 60, data })),
    })
    socket.send(answer, port, address)
  })
  socket.bind(53, '127.0.0.1')
  await once(socket, 'listening')
}
