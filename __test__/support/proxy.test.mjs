import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'

import { createCertificate } from '../../scripts/servers/certificates.mjs'
import { waitFor } from '../../scripts/servers/wait.mjs'
import { createProxy } from './proxy.mjs'

const HOST = '127.0.0.1'
const endAndReset = fileURLToPath(new URL('./end-and-reset.mjs', import.meta.url))

/** Answers each line with `ok <line>`, counting the lines; `big <n>` with n bytes. */
function startLineServer() {
  const lines = []
  const sockets = new Set()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    let text = ''
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('end', () => socket.end())
    socket.on('data', (chunk) => {
      text += chunk
      for (let at; (at = text.indexOf('\n')) !== -1; text = text.slice(at + 1)) {
        const line = text.slice(0, at)
        lines.push(line)
        const size = /^big (\d+)$/.exec(line)?.[1]
        socket.write(size ? Buffer.alloc(Number(size), 'x') : `ok ${line}\n`)
      }
    })
  })
  return new Promise((resolve) => {
    server.listen(0, HOST, () => {
      const stop = () => {
        for (const socket of sockets) socket.destroy()
        return new Promise((closed) => server.close(closed))
      }
      resolve({ port: server.address().port, lines, sockets, stop })
    })
  })
}

/** A client that keeps all it receives and how it ended. */
async function dial(port, options) {
  const socket = options ? connectTls({ port, host: HOST, ...options }) : connect(port, HOST)
  const client = { socket, text: '', chunks: 0, ended: false, closed: false, error: null }
  socket.on('data', (chunk) => {
    client.text += chunk.toString('latin1')
    client.chunks++
  })
  socket.on('end', () => (client.ended = true))
  socket.on('error', (error) => (client.error = error))
  await new Promise((resolve) => {
    socket.once(options ? 'secureConnect' : 'connect', resolve)
    socket.on('close', () => resolve((client.closed = true)))
  })
  return client
}

let server
let proxy
const clients = []
const open = async (options) => {
  const client = await dial(proxy.port, options)
  clients.push(client)
  return client
}
const reply = (client, text) => waitFor(() => client.text === text, { what: JSON.stringify(text) })
const sent = (text) => waitFor(() => String(proxy.received()).endsWith(text), { what: text })
const end = (client) => waitFor(() => client.closed, { what: 'the end of the connection' })

before(async () => (server = await startLineServer()))
after(() => server.stop())
beforeEach(async () => {
  server.lines.length = 0
  proxy = await createProxy({ target: { port: server.port }, record: true })
})
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy()
  await proxy.stop()
})

describe('without a fault', () => {
  it('passes bytes both ways and an end of stream', async () => {
    const client = await open()
    client.socket.end('hello\n')
    await end(client)
    assert.equal(client.text, 'ok hello\n')
    assert.equal(client.error, null)
    assert.equal(String(proxy.received()), 'hello\n')
  })

  it('passes many megabytes without losing one', async () => {
    const client = await open()
    client.socket.write(`big ${20 << 20}\n`)
    await waitFor(() => client.text.length === 20 << 20, { timeoutMs: 20_000 })
  })

  it('counts open connections exactly', async () => {
    const [first, second] = await Promise.all([open(), open()])
    await waitFor(() => proxy.connections() === 2)
    first.socket.destroy()
    await waitFor(() => proxy.connections() === 1)
    second.socket.end()
    await waitFor(() => proxy.connections() === 0)
    assert.equal(proxy.closed(), 2)
    assert.equal(proxy.accepted(), 2)
    await waitFor(() => server.sockets.size === 0, { what: "the server's side closing too" })
  })

  it('rewrites connection strings', () => {
    const through = (url) => proxy.through(url)
    assert.equal(through('redis://:p@127.0.0.1:6379/1'), `redis://:p@127.0.0.1:${proxy.port}/1`)
    assert.equal(
      through('mongodb://u:p@localhost:27017/?tls=true'),
      `mongodb://u:p@127.0.0.1:${proxy.port}/?tls=true`
    )
  })
})

describe('faults', () => {
  it('latency: delays each way', async () => {
    await proxy.setFault({ kind: 'latency', ms: 100 })
    const client = await open()
    const start = Date.now()
    client.socket.write('slow\n')
    await reply(client, 'ok slow\n')
    assert.ok(Date.now() - start >= 195, `took ${Date.now() - start} ms`)
  })

  it('blackhole: accepts and never answers, and new connections work afterwards', async () => {
    await proxy.setFault({ kind: 'blackhole' })
    const client = await open()
    client.socket.write('anyone?\n')
    await sent('anyone?\n')
    assert.equal(client.text, '')
    assert.equal(client.closed, false)
    assert.deepEqual(server.lines, [])
    await proxy.setFault(null)
    const next = await open()
    next.socket.write('again\n')
    await reply(next, 'ok again\n')
    assert.equal(client.text, '')
    client.socket.end()
    await waitFor(() => proxy.connections() === 1)
  })

  it('refuse: stops listening and listens again on the same port', async () => {
    const before = await open()
    await proxy.setFault({ kind: 'refuse' })
    await end(before)
    const client = await open()
    assert.equal(client.error?.code, 'ECONNREFUSED')
    await proxy.setFault(null)
    const next = await open()
    next.socket.write('back\n')
    await reply(next, 'ok back\n')
  })

  it('reset: resets open and new connections', async () => {
    const client = await open()
    client.socket.write('first\n')
    await reply(client, 'ok first\n')
    await proxy.setFault({ kind: 'reset' })
    await end(client)
    assert.equal(client.error?.code, 'ECONNRESET')
    const next = await open()
    await end(next)
  })

  it('reset at the next request: the server does not see it', async () => {
    await proxy.setFault({ kind: 'reset', at: 'request' })
    const client = await open()
    client.socket.write('lost\n')
    await end(client)
    assert.equal(client.error?.code, 'ECONNRESET')
    assert.deepEqual(server.lines, [])
    assert.equal(proxy.fired(), 1)
  })

  it('cut-reply: ends after so many bytes', async () => {
    await proxy.setFault({ kind: 'cut-reply', bytes: 5 })
    const client = await open()
    client.socket.write('0123456789\n')
    await end(client)
    assert.equal(client.text, 'ok 01')
    assert.equal(client.error, null)
    assert.deepEqual(server.lines, ['0123456789'])
  })

  it('cut-before-execution: the request never arrives', async () => {
    await proxy.setFault({ kind: 'cut-before-execution', match: 'INCR' })
    const client = await open()
    client.socket.write('GET\n')
    await reply(client, 'ok GET\n')
    client.socket.write('INCR\n')
    await end(client)
    assert.deepEqual(server.lines, ['GET'])
  })

  it('cut-after-execution: the request is executed and not answered', async () => {
    await proxy.setFault({ kind: 'cut-after-execution', match: 'INCR', reset: true })
    const client = await open()
    client.socket.write('GET\n')
    await reply(client, 'ok GET\n')
    client.socket.write('INCR\n')
    await end(client)
    assert.equal(client.text, 'ok GET\n')
    assert.equal(client.error?.code, 'ECONNRESET')
    assert.deepEqual(server.lines, ['GET', 'INCR'])
  })

  it('cut-after-execution: finds a match that is split, and all of a pipeline is executed', async () => {
    await proxy.setFault({ kind: 'cut-after-execution', match: 'INCR' })
    const client = await open()
    client.socket.write('a\nIN')
    await reply(client, 'ok a\n')
    client.socket.write('CR\nb\nc\n')
    await end(client)
    assert.deepEqual(server.lines, ['a', 'INCR', 'b', 'c'])
    assert.equal(client.text, 'ok a\n')
  })

  it('cut-after-execution: a share of requests, the same ones for the same seed', async () => {
    const cutsOf = async (seed) => {
      await proxy.setFault({ kind: 'cut-after-execution', match: 'W', probability: 0.2, seed })
      const cuts = []
      let client = await open()
      for (let i = 0; i < 100; i++) {
        const before = client.text
        client.socket.write(`W${i}\n`)
        await waitFor(() => client.closed || client.text !== before, { everyMs: 1 })
        if (!client.closed) continue
        cuts.push(i)
        client = await open()
      }
      return cuts
    }
    const first = await cutsOf(7)
    assert.ok(first.length > 8 && first.length < 35, `${first.length} cuts`)
    assert.equal(proxy.fired(), first.length)
    assert.equal(server.lines.length, 100)
    assert.deepEqual(await cutsOf(7), first)
    assert.notDeepEqual(await cutsOf(8), first)
  })

  it('cut-after-execution: at most so often, after so many', async () => {
    const fault = { kind: 'cut-after-execution', match: 'W', times: 1, skip: 1 }
    await proxy.setFault(fault)
    const client = await open()
    client.socket.write('W1\n')
    await reply(client, 'ok W1\n')
    client.socket.write('W2\n')
    await end(client)
    const next = await open()
    next.socket.write('W3\n')
    await reply(next, 'ok W3\n')
  })

  it('chunks: single bytes arrive as single bytes', async () => {
    await proxy.setFault({ kind: 'chunks' })
    const client = await open()
    client.socket.setNoDelay(true)
    client.socket.write(`${'y'.repeat(200)}\n`)
    await reply(client, `ok ${'y'.repeat(200)}\n`)
    assert.ok(client.chunks > 50, `${client.chunks} chunks`)
  })

  it('half-open: an open connection falls silent for good, and stays open', async () => {
    const client = await open()
    client.socket.write('before\n')
    await reply(client, 'ok before\n')
    await proxy.setFault({ kind: 'half-open' })
    client.socket.write('after\n')
    await sent('after\n')
    await proxy.setFault(null)
    client.socket.write('later\n')
    await sent('later\n')
    assert.equal(client.closed, false)
    assert.equal(proxy.connections(), 1)
    const next = await open()
    next.socket.write('new\n')
    await reply(next, 'ok new\n')
    assert.deepEqual(server.lines, ['before', 'new'])
    assert.equal(client.text, 'ok before\n')
  })

  it('garbage: replaces the reply', async () => {
    await proxy.setFault({ kind: 'garbage', bytes: Buffer.from('\0\0nonsense') })
    const client = await open()
    client.socket.write('x\n')
    await reply(client, '\0\0nonsense')
    assert.deepEqual(server.lines, ['x'])
  })

  it('refuses a fault it does not know', async () => {
    await assert.rejects(proxy.setFault({ kind: 'gremlin' }), /gremlin/)
  })
})

describe('when connections end and are reset at the same time', () => {
  for (const kind of ['plain', 'tls']) {
    it(`lets its process end, ${kind}`, async () => {
      const child = fork(endAndReset, [kind], { stdio: 'inherit' })
      const deadline = setTimeout(() => child.kill('SIGKILL'), 20_000)
      const [code] = await once(child, 'exit')
      clearTimeout(deadline)
      assert.equal(code, 0)
    })
  }
})

describe('with TLS', () => {
  const front = async (kind, fault) => {
    await proxy.stop()
    const { key, cert, caPem } = await createCertificate(kind)
    const target = { port: server.port }
    proxy = await createProxy({ target, tls: { key, cert }, record: true, fault })
    return caPem
  }

  it('ends TLS and passes plain text on', async () => {
    const ca = await front('valid')
    const client = await open({ ca })
    client.socket.write('secret\n')
    await reply(client, 'ok secret\n')
    assert.equal(String(proxy.received()), 'secret\n')
    client.socket.end()
    await waitFor(() => proxy.connections() === 0)
  })

  for (const [kind, code] of [
    ['expired', 'CERT_HAS_EXPIRED'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['unknown-ca', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ]) {
    it(`shows a certificate that is ${kind}`, async () => {
      const ca = await front(kind)
      const client = await open({ ca })
      await end(client)
      assert.equal(client.error?.code, code)
      assert.equal(proxy.received().length, 0)
    })
  }

  for (const fault of [
    { kind: 'reset', at: 'request' },
    { kind: 'cut-after-execution' },
    { kind: 'cut-reply', bytes: 2 },
  ]) {
    it(`breaks decrypted connections too: ${fault.kind}`, async () => {
      const ca = await front('valid', fault)
      const client = await open({ ca })
      client.socket.write('word\n')
      await end(client)
      assert.equal(client.text, fault.kind === 'cut-reply' ? 'ok' : '')
      assert.deepEqual(server.lines, fault.kind === 'reset' ? [] : ['word'])
    })
  }
})
