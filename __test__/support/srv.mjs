// Connects by SRV records in a network of its own, and prints what became of each attempt.

import { createRequire } from 'node:module'
import { dnsServer } from './dns.mjs'
import { rogueMongo } from './rogue-mongo.mjs'

const { ConnectionManager } = createRequire(import.meta.url)('../../dist/index.js')

const setName = 'rs0'
const logins = []
const server = await rogueMongo({
  setName,
  reply(command) {
    if (!command.saslStart) return undefined
    logins.push(command.$db)
    return { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: 'Authentication failed.' }
  },
})
const { port } = server
const service = (target, at = port) => ({ SRV: [{ target, port: at }] })
await dnsServer({
  '_mongodb._tcp.good.example.test': service('one.example.test'),
  'good.example.test': { TXT: 'authSource=users&replicaSet=rs0' },
  'one.example.test': { A: '127.0.0.1' },
  '_mongodb._tcp.other.example.test': service('one.example.test'),
  'other.example.test': { TXT: 'replicaSet=rs1' },
  '_mongodb._tcp.metadata.example.test': service('cloud.example.test', 80),
  'cloud.example.test': { A: '169.254.169.254' },
  '_mongodb._tcp.stray.example.test': service('one.elsewhere.test'),
  'one.elsewhere.test': { A: '127.0.0.1' },
})

async function attempt(name, login = '') {
  const mongodbUrl = `mongodb+srv://${login}${name}.example.test/?tls=false`
  const manager = new ConnectionManager({ mongodbUrl, logLevel: 'off' })
  const before = server.connections()
  try {
    const path = '/api/platform/mongodb/default/server'
    const { status, body } = await manager.handle({ method: 'GET', path })
    const { data, error } = JSON.parse(body)
    const replication = data && { set: data.replication.set, hosts: data.replication.hosts }
    const code = error?.code
    return {
      status,
      code,
      message: error?.message,
      replication,
      connected: server.connections() > before,
    }
  } finally {
    await manager.shutdown(1000)
  }
}

const names = ['good', 'other', 'metadata', 'stray', 'missing']
const attempts = {}
for (const name of names) attempts[name] = await attempt(name)
attempts.login = await attempt('good', 'user:secret@')
process.stdout.write(JSON.stringify({ port, logins: [...new Set(logins)], attempts }))
process.exit(0)
