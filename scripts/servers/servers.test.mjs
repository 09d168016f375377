import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { connect as connectTls } from 'node:tls'

import { Long, MongoClient } from 'mongodb'

import { createProxy } from '../../__test__/support/proxy.mjs'
import {
  startMongo,
  startPostgres,
  startRedis,
  startRedisCluster,
  startSentinel,
  waitFor,
} from './index.mjs'
import { mongoCommand } from './mongo-command.mjs'
import { listens } from './ports.mjs'
import { redisCommand, redisCommands } from './resp.mjs'
import { isAlive } from './wait.mjs'

const UNAUTHORIZED = 13

/** The error of a TLS handshake with a client that trusts the test authority, or null. */
const handshakeError = ({ port, host, caPem }) =>
  new Promise((resolve) => {
    const socket = connectTls({ port, host, ca: caPem })
    socket.on('error', (error) => resolve(error.code))
    socket.on('secureConnect', () => {
      socket.destroy()
      resolve(null)
    })
  })

/** The first answer to a session of PostgreSQL: R and the code of what is asked for, or E. */
async function postgresGreeting({ port, host }) {
  const body = Buffer.from('\0\x03\0\0user\0postgres\0database\0postgres\0\0', 'latin1')
  const head = Buffer.alloc(4)
  head.writeInt32BE(4 + body.length)
  const socket = connect(port, host)
  socket.write(Buffer.concat([head, body]))
  const [answer] = await once(socket, 'data')
  socket.destroy()
  const type = String.fromCharCode(answer[0])
  return type === 'R' ? `R${answer.readInt32BE(5)}` : type
}

/** Stops a server and sees that nothing of it is left. */
async function stopsCleanly(server) {
  const { pid, folder } = server
  await server.stop()
  assert.equal(await listens(server), false)
  assert.equal(isAlive(pid), false)
  assert.equal(existsSync(folder), false)
}

function keptFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'servers-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

describe('redis', { concurrency: 2 }, () => {
  for (const generation of ['any', '6.2', '7.0', 'valkey9']) {
    it(`starts and stops, generation ${generation}`, async (t) => {
      const server = await orSkip(t, startRedis({ generation }))
      if (!server) return
      t.diagnostic(`${server.version} (${server.source})`)
      assert.equal(await redisCommand(server, 'SET', 'a', '1'), 'OK')
      assert.equal(server.url, `redis://127.0.0.1:${server.port}`)
      await stopsCleanly(server)
    })
  }

  it('asks for the password', async () => {
    const server = await startRedis({ password: 'p@ss/word' })
    await assert.rejects(redisCommand({ port: server.port }, 'GET', 'a'), /NOAUTH/)
    assert.equal(await redisCommand(server, 'GET', 'a'), null)
    assert.match(server.url, /redis:\/\/:p%40ss%2Fword@/)
    await server.stop()
  })

  it('knows ACL users, along with the password of the default one', async () => {
    const acl = ['reader on >secret ~a:* &* +@read']
    const server = await startRedis({ password: 'root', acl })
    const reader = { port: server.port, user: 'reader', password: 'secret' }
    const [got, set] = await redisCommands(reader, ['GET', 'a:1'], ['SET', 'a:1', '1'])
    assert.equal(got, null)
    assert.match(set.message, /NOPERM/)
    await assert.rejects(redisCommand({ port: server.port }, 'PING'), /NOAUTH/)
    await server.stop()
  })

  it('keeps its data in a folder', async (t) => {
    const dataDir = keptFolder(t)
    const first = await startRedis({ dataDir })
    await redisCommand(first, 'SET', 'kept', 'yes')
    await first.stop()
    const second = await startRedis({ dataDir })
    assert.equal(await redisCommand(second, 'GET', 'kept'), 'yes')
    await second.stop()
  })

  it('restarts on the same port after a crash', async () => {
    const server = await startRedis()
    const { pid, port } = server
    await server.restart({ signal: 'SIGKILL' })
    assert.notEqual(server.pid, pid)
    assert.equal(await redisCommand({ port }, 'PING'), 'PONG')
    await stopsCleanly(server)
  })

  it('stops answering when paused, and can be stopped then', async () => {
    const server = await startRedis()
    await server.signal('SIGSTOP')
    await assert.rejects(redisCommand({ ...server, timeoutMs: 100 }, 'PING'), /no answer/)
    await server.stop()
  })

  it('says what was tried when a generation is not to be had', async () => {
    await assert.rejects(startRedis({ generation: '3.2' }), /Redis 3\.2[\s\S]*REDIS_SERVER_BIN/)
  })
})

describe('postgres', { concurrency: 2 }, () => {
  it('starts and stops', async (t) => {
    const server = await startPostgres()
    t.diagnostic(`PostgreSQL ${server.version} (${server.source})`)
    assert.equal(await postgresGreeting(server), 'R10', 'asks for SCRAM')
    await stopsCleanly(server)
  })

  for (const version of [12, 18]) {
    it(`starts version ${version}`, async (t) => {
      const server = await orSkip(t, startPostgres({ version }))
      if (!server) return
      assert.equal(server.version.split('.')[0], String(version))
      await stopsCleanly(server)
    })
  }

  it('trusts everybody without a password', async () => {
    const server = await startPostgres({ password: '' })
    assert.equal(await postgresGreeting(server), 'R0')
    await server.stop()
  })

  it('refuses plain text with TLS', async () => {
    const server = await startPostgres({ tls: true })
    assert.equal(await postgresGreeting(server), 'E')
    assert.match(server.caPem, /BEGIN CERTIFICATE/)
    await server.stop()
  })

  it('keeps its data in a folder, and restarts after a crash', async (t) => {
    const dataDir = keptFolder(t)
    const first = await startPostgres({ dataDir, password: "it's" })
    await first.restart({ signal: 'SIGKILL' })
    assert.equal(await postgresGreeting(first), 'R10')
    await first.stop()
    assert.equal(await listens(first), false)
    const second = await startPostgres({ dataDir, password: "it's" })
    await second.stop()
  })
})

describe('mongo', { concurrency: 2 }, () => {
  const insert = { insert: 'things', documents: [{ _id: 1 }] }

  it('starts and stops', async (t) => {
    const server = await startMongo()
    t.diagnostic(`${server.engine} ${server.version} (${server.source})`)
    assert.equal((await mongoCommand(server, 'test', insert)).n, 1)
    assert.equal((await mongoCommand(server, 'admin', { hello: 1 })).setName, undefined)
    await stopsCleanly(server)
  })

  it('asks for a login, in a replica set', async () => {
    const server = await startMongo({ auth: true, replicaSet: 'sets' })
    assert.equal((await mongoCommand(server, 'test', insert)).code, UNAUTHORIZED)
    assert.equal((await mongoCommand(server, 'admin', { hello: 1 })).setName, 'sets')
    assert.match(server.url, /root:secret@.*replicaSet=sets/)
    await server.stop()
  })

  it('makes a write once that is sent several times at once', async (t) => {
    const server = await startMongo({ replicaSet: true })
    const client = new MongoClient(server.url)
    t.after(() => client.close())
    const counters = client.db('test').collection('counters')
    await counters.insertOne({ _id: 1, n: 0 })
    const [writes, times] = [100, 4]
    for (let write = 0; write < writes; write++) {
      const session = client.startSession()
      const increment = {
        findAndModify: 'counters',
        query: { _id: 1 },
        update: { $inc: { n: 1 } },
        txnNumber: Long.fromInt(1),
      }
      const send = () => client.db('test').command(increment, { session })
      const sent = Array.from({ length: times }, send)
      for (const { ok } of await Promise.all(sent)) assert.equal(ok, 1)
    }
    assert.equal((await counters.findOne()).n, writes)
    await server.stop()
  })

  it('keeps its data in a folder, and its user', async (t) => {
    const dataDir = keptFolder(t)
    const first = await startMongo({ dataDir })
    await mongoCommand(first, 'test', insert)
    await first.restart()
    const count = await mongoCommand(first, 'test', { count: 'things' })
    assert.equal(count.n, 1)
    await first.stop()
  })
})

describe('TLS', { concurrency: 2 }, () => {
  const problems = {
    valid: null,
    expired: 'CERT_HAS_EXPIRED',
    'wrong-name': 'ERR_TLS_CERT_ALTNAME_INVALID',
  }
  for (const [kind, problem] of Object.entries(problems)) {
    it(`redis and mongo show a certificate that is ${kind}`, async () => {
      const servers = await Promise.all([startRedis({ tls: kind }), startMongo({ tls: kind })])
      for (const server of servers) assert.equal(await handshakeError(server), problem)
      await Promise.all(servers.map((server) => server.stop()))
    })
  }

  it('redis shows a certificate of an authority that nobody trusts', async () => {
    const server = await startRedis({ tls: 'unknown-ca', password: 'x' })
    assert.match(await handshakeError(server), /UNABLE_TO_VERIFY|SELF_SIGNED/)
    assert.match(server.url, /^rediss:/)
    await stopsCleanly(server)
  })
})

describe('several servers', { concurrency: 2 }, () => {
  it('cluster: redirects clients to the proxies before its nodes', async () => {
    const cluster = await startRedisCluster({ password: 'x', proxied: true })
    const roles = cluster.nodes.map(({ role }) => role)
    assert.deepEqual(roles, [...Array(3).fill('primary'), ...Array(3).fill('replica')])
    const ports = cluster.nodes.map(({ port }) => port)
    const [set] = await redisCommands({ port: ports[0], password: 'x' }, ['SET', 'foo', '1'])
    const [, to] = /^MOVED 12182 127\.0\.0\.1:(\d+)$/.exec(set.message)
    assert.ok(ports.includes(Number(to)))
    assert.equal(await redisCommand({ port: Number(to), password: 'x' }, 'SET', 'foo', '1'), 'OK')
    await cluster.stop()
  })

  it('sentinel: fails over to the replica', async () => {
    const group = await startSentinel({ password: 'x' })
    const before = await group.primary()
    await redisCommands(before, ['SET', 'a', '1'], ['WAIT', '1', '5000'])
    await group.failover()
    const now = await group.primary()
    assert.notEqual(now.port, before.port)
    assert.equal(await redisCommand(now, 'GET', 'a'), '1')
    await group.stop()
  })
})

describe('a proxy before a real server', () => {
  it('cuts a share of the writes, all of which were executed', async () => {
    const server = await startRedis()
    const proxy = await createProxy({ target: server })
    await proxy.setFault({ kind: 'cut-after-execution', match: 'INCR', probability: 0.05 })
    const outcomes = { ok: 0, cut: 0 }
    for (let i = 0; i < 400; i++) {
      await redisCommand(proxy, 'INCR', 'counter').then(
        () => outcomes.ok++,
        () => outcomes.cut++
      )
    }
    assert.equal(outcomes.cut, proxy.fired())
    assert.ok(outcomes.cut > 5, `${outcomes.cut} cuts`)
    assert.equal(await redisCommand(server, 'GET', 'counter'), '400')
    await waitFor(() => proxy.connections() === 0)
    await proxy.stop()
    await server.stop()
  })
})

describe('ending with the process', { concurrency: 2 }, () => {
  const index = new URL('./index.mjs', import.meta.url)
  const script = (ending) => `
    import { startMongo, startPostgres, startRedis } from '${index}'
    const servers = await Promise.all([startPostgres(), startRedis(), startMongo()])
    const told = servers.map(({ pid, folder, port, host }) => ({ pid, folder, port, host }))
    process.stdout.write(JSON.stringify(told) + '\\n')
    ${ending}
  `
  const waiting = 'setInterval(() => {}, 1000)'
  const endings = {
    'being killed': [waiting, (child) => child.kill('SIGKILL')],
    'Ctrl-C': [waiting, (child) => process.kill(-child.pid, 'SIGINT')],
    SIGTERM: [waiting, (child) => child.kill('SIGTERM')],
    'an uncaught error': ["setImmediate(() => { throw new Error('on purpose') })", () => {}],
    'process.exit()': ['process.exit(3)', () => {}],
    'nothing left to do': ['', () => {}],
  }

  for (const [name, [ending, act]] of Object.entries(endings)) {
    it(`servers and folders go with ${name}`, async () => {
      const child = spawn(
        process.execPath,
        ['--input-type=module', '--eval', script(ending)],
        // Its own process group, to get signals like from a terminal.
        { stdio: ['ignore', 'pipe', 'pipe'], detached: true }
      )
      const exited = once(child, 'exit')
      let errors = ''
      child.stderr.on('data', (text) => (errors += text))
      const said = once(child.stdout.setEncoding('utf8'), 'data')
      const [line] = await Promise.race([said, exited.then(() => assert.fail(errors))])
      const servers = JSON.parse(line)
      act(child)
      await exited
      for (const server of servers) {
        const gone = () => !isAlive(server.pid) && !existsSync(server.folder)
        await waitFor(gone, { what: `the end of ${server.folder}` })
        assert.equal(await listens(server), false)
      }
    })
  }
})

/** Where a version can't be had, the test is skipped and says why. */
async function orSkip(t, starting) {
  try {
    return await starting
  } catch (error) {
    if (!/^no /.test(error.message)) throw error
    t.skip(error.message)
    return null
  }
}
