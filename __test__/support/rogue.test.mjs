import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { BSON, Long } from 'mongodb'

import { mongoCommand } from '../../scripts/servers/mongo-command.mjs'
import { redisCommand } from '../../scripts/servers/resp.mjs'
import { waitFor } from '../../scripts/servers/wait.mjs'
import { message, OP_QUERY, OP_REPLY } from './mongo-wire.mjs'
import { rogueMongo, rogueRedis, sink, unanswered } from './rogue.mjs'

const elsewhere = { host: '169.254.169.254', port: 6379 }

describe('rogue redis', () => {
  it('sends commands on keys elsewhere, and answers the rest', async () => {
    const moved = await rogueRedis({ moved: elsewhere })
    assert.equal(await redisCommand(moved, 'PING'), 'PONG')
    await assert.rejects(
      redisCommand(moved, 'GET', 'a'),
      /^Error: MOVED 1 169\.254\.169\.254:6379$/
    )
    assert.deepEqual(moved.commands().at(-1), ['GET', 'a'])
    await moved.stop()
    const ask = await rogueRedis({ ask: elsewhere })
    await assert.rejects(redisCommand(ask, 'GET', 'a'), /ASK 1 169/)
    await ask.stop()
  })

  it('names nodes and primaries elsewhere', async () => {
    const rogue = await rogueRedis({ slots: [elsewhere], primary: elsewhere })
    const [[from, to, [host, port]]] = await redisCommand(rogue, 'CLUSTER', 'SLOTS')
    assert.deepEqual({ from, to, host, port }, { from: 0, to: 16_383, ...elsewhere })
    const primary = await redisCommand(rogue, 'SENTINEL', 'get-master-addr-by-name', 'any')
    assert.deepEqual(primary, [elsewhere.host, '6379'])
    await rogue.stop()
  })

  it('answers as it is told', async () => {
    const rogue = await rogueRedis({ reply: ([name]) => (name === 'GET' ? [1, null] : undefined) })
    assert.deepEqual(await redisCommand(rogue, 'GET', 'a'), [1, null])
    assert.equal(await redisCommand(rogue, 'PING'), 'PONG')
    await rogue.stop()
  })
})

describe('rogue mongo', () => {
  it('names hosts elsewhere, to OP_MSG and to OP_QUERY', async () => {
    const hosts = ['169.254.169.254:27017']
    const rogue = await rogueMongo({ setName: 'rs0', hosts, hello: { secondary: true } })
    const modern = await mongoCommand(rogue, 'admin', { hello: 1 })
    assert.deepEqual(modern.hosts, hosts)
    assert.equal(modern.secondary, true)

    const socket = connect(rogue.port, rogue.host)
    const head = Buffer.concat([Buffer.alloc(4), Buffer.from('admin.$cmd\0'), Buffer.alloc(8)])
    const body = Buffer.concat([head, BSON.serialize({ isMaster: 1, helloOk: true })])
    socket.write(message({ opCode: OP_QUERY, requestId: 9, body }))
    const [answer] = await once(socket, 'data')
    assert.equal(answer.readInt32LE(8), 9, 'an answer to the request')
    assert.equal(answer.readInt32LE(12), OP_REPLY)
    assert.equal(BSON.deserialize(answer.subarray(36)).setName, 'rs0')
    socket.destroy()
    await rogue.stop()
  })

  it('is a standalone server otherwise, and refuses what it does not know', async () => {
    const rogue = await rogueMongo()
    assert.equal((await mongoCommand(rogue, 'admin', { hello: 1 })).setName, undefined)
    assert.equal((await mongoCommand(rogue, 'a', { find: 'b' })).code, 59)
    await rogue.stop()
  })

  it('sends documents of all types as they are', async () => {
    const document = {
      text: 'é\0x',
      whole: 7,
      half: 0.5,
      yes: true,
      nothing: null,
      when: new Date(1),
      bytes: Buffer.from([0, 255]),
      list: [1, { deep: [] }],
      long: Long.fromBigInt(2n ** 53n + 1n),
      ok: 1,
    }
    const rogue = await rogueMongo({ reply: ({ ping }) => (ping ? document : undefined) })
    const { bytes, ...rest } = await mongoCommand(rogue, 'admin', { ping: 1 })
    assert.deepEqual({ bytes: bytes.buffer, ...rest }, document)
    await rogue.stop()
  })
})

it('sink counts connections at an address of its own', async () => {
  const canary = await sink({ host: '127.0.0.2' })
  assert.equal(canary.attempts(), 0)
  const socket = connect(canary.port, '127.0.0.2')
  socket.write('secret')
  await waitFor(() => canary.attempts() === 1 && String(canary.received()) === 'secret')
  socket.destroy()
  await canary.stop()
})

it('unanswered neither takes nor refuses a connection', { skip: !isLinux() }, async () => {
  const nobody = await unanswered()
  const socket = connect(nobody.port, nobody.host)
  const answer = Promise.race([once(socket, 'connect'), once(socket, 'close')])
  assert.equal(await Promise.race([answer, delay(300, 'nothing')]), 'nothing')
  socket.destroy()
  await nobody.stop()
})

function isLinux() {
  return process.platform === 'linux'
}
