// Servers whose certificates are wrong in one way each: none gets a secret.

import { createCertificate } from '../../scripts/servers/certificates.mjs'
import { createServer, type Server } from 'node:tls'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { listen } from '../support/listen'
import { type Type, expectOk, sharedBench } from './bench'

const SECRET = 'do-not-send-me'
const WRONG = ['expired', 'wrong-name', 'unknown-ca'] as const
type Kind = (typeof WRONG)[number]

const bench = sharedBench()

/** PostgreSQL's client asks for TLS before it begins: 8 bytes, answered with `S`. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** A server with a certificate, that keeps all it is sent: before TLS, and inside it. */
async function tlsServer(kind: Kind, type: Type) {
  const { key, cert, caPem } = await createCertificate(kind)
  const received: Buffer[] = []
  const inside: Server = createServer({ key, cert }, (socket) => {
    socket.on('data', (bytes: Buffer) => received.push(bytes)).on('error', () => {})
  })
  inside.on('tlsClientError', () => {})
  const sockets = new Set<Socket>()
  let connections = 0
  const outside = createTcpServer((socket) => {
    connections++
    sockets.add(socket.on('error', () => {}))
    const begin = () => inside.emit('connection', socket)
    if (type !== 'postgres') return begin()
    socket.once('data', (bytes: Buffer) => {
      if (!bytes.equals(SSL_REQUEST)) received.push(bytes)
      socket.write('S')
      begin()
    })
  })
  const port = await listen(outside)
  bench.keep({
    stop() {
      sockets.forEach((socket) => socket.destroy())
      outside.close()
    },
  })
  return { port, caPem, received: () => Buffer.concat(received), connections: () => connections }
}

const targets: Array<[Type, (port: number) => object]> = [
  ['redis', (port) => ({ connectionString: `rediss://u:${SECRET}@127.0.0.1:${port}` })],
  [
    'mongodb',
    (port) => ({ connectionString: `mongodb://u:${SECRET}@127.0.0.1:${port}/?tls=true` }),
  ],
  [
    'postgres',
    (port) => ({
      connectionString: `postgresql://u:${SECRET}@127.0.0.1:${port}/d?sslmode=verify-full`,
    }),
  ],
  ['bun_api', (port) => ({ connectionString: `https://127.0.0.1:${port}`, password: SECRET })],
]

describe.each(targets)('%s', (type, target) => {
  it('sends nothing inside TLS to a server that is not who it should be, and says why', async () => {
    const messages = new Map<Kind, string>()
    for (const kind of WRONG) {
      const server = await tlsServer(kind, type)
      const given = target(server.port)
      // All but the authority that nobody trusts are known by their own.
      const options = kind === 'unknown-ca' ? {} : { options: { ca_pem: server.caPem } }
      const body = { type, ...given, ...options }
      const { data } = expectOk(await bench.patient.api('POST', '/databases/test', body)).body
      expect([kind, data.success, data.code]).toEqual([kind, false, 'DB_TLS_ERROR'])
      expect(server.connections()).toBeGreaterThan(0)
      expect(server.received().length).toBe(0)
      messages.set(kind, data.error)
    }
    expect(messages.get('expired')).toMatch(/expired/)
    expect(messages.get('wrong-name')).toMatch(/another name/)
    expect(messages.get('unknown-ca')).toMatch(/unknown authority/)
  })

  it('is as careful when a saved connection is used', async () => {
    const server = await tlsServer('expired', type)
    const { connectionString, ...more } = target(server.port) as { connectionString: string }
    const options = { options: { ca_pem: server.caPem } }
    const id = await bench.register(type, connectionString, { ...more, ...options })
    const requests = {
      redis: ['POST', `/redis/${id}/set`, { key: 'a', value: 'b' }],
      mongodb: ['GET', `/mongodb/${id}/databases`],
      postgres: ['GET', `/postgres/${id}/tables`],
      bun_api: ['POST', `/bun/${id}/request`, { method: 'POST', path: '/a' }],
    } as const
    const [method, path, body] = requests[type]
    const answer = await bench.patient.api(method, path, body)
    expect(answer.body.error).toMatchObject({
      code: 'DB_TLS_ERROR',
      outcome: 'not_applied',
      retryable: false,
    })
    expect(server.received().length).toBe(0)
  })
})
