// Run by a test of the proxy: connections that end on their own just when the proxy resets them.
// The process must come to its end by itself.

import { createServer, connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { createCertificate } from '../../scripts/servers/certificates.mjs'
import { createProxy } from './proxy.mjs'

const ROUNDS = 40
const certificate = await createCertificate()
const tls = process.argv[2] === 'tls' ? certificate : undefined

const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', () => socket.end('bye'))
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
server.unref()

for (let round = 0; round < ROUNDS; round++) {
  const proxy = await createProxy({ target: { port: server.address().port }, tls })
  const { port, host } = proxy
  const socket = tls
    ? connectTls({ port, host, ca: certificate.caPem })
    : connect({ port, host, allowHalfOpen: true })
  socket.on('error', () => {})
  socket.write('hello')
  await new Promise((resolve) => socket.on('data', resolve).on('close', resolve))
  if (round % 2) socket.end()
  else await new Promise((resolve) => setImmediate(resolve))
  await proxy.stop()
  socket.destroy()
}
process.disconnect()
