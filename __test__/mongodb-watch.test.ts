import { once } from 'node:events'
import { Double, Long } from 'bson'
import type { MongoDatabase, WatchMessage } from 'studio-multidb'
import { attachWebSocket } from 'studio-multidb/next'
import { WebSocket } from 'ws'
import { startMongo } from '../scripts/servers/index.mjs'
import { rogueMongo } from './support/rogue-mongo.mjs'
import { released, sharedStack, startService } from './support/stack'
import { closing, Messages } from './support/websocket'

const db = 'watched'
let mongod: Awaited<ReturnType<typeof startMongo>>
const stack = sharedStack()
let studio: Awaited<ReturnType<typeof startService>>
let id: string
let mongo: MongoDatabase

beforeAll(async () => {
  mongod = await startMongo({ replicaSet: true })
  const { projectRef } = stack
  const body = { projectRef, name: 'replicas', type: 'mongodb', connectionString: mongod.url }
  id = (await stack.api('POST', '/databases', body)).body.data.id
  mongo = stack.manager.mongodb(id)
  studio = await startService((_req, res) => res.end())
  attachWebSocket(studio.server, stack.manager)
}, 120_000)

afterAll(async () => {
  await studio?.close()
  await mongod?.stop()
})

const open = (path: string, connection = id) =>
  new WebSocket(
    `ws://127.0.0.1:${studio.port}/api/platform/mongodb/${connection}/databases/${path}`
  )

async function next(stream: AsyncGenerator<WatchMessage>): Promise<WatchMessage> {
  const { value, done } = await stream.next()
  if (done) throw new Error('the stream is over')
  return value
}

async function nextChange(stream: AsyncGenerator<WatchMessage>) {
  for (;;) {
    const message = await next(stream)
    if (message.type === 'change') return message
  }
}

async function changeOf(socket: Messages) {
  for (;;) {
    const message = await socket.next()
    if (message.type === 'change') return message.change as Record<string, unknown>
  }
}

it('a socket gets changes until what it watches is gone', async () => {
  const pipeline = encodeURIComponent('[{"$match":{"operationType":{"$ne":"update"}}}]')
  await mongo.documents.insert(db, 'socket', [{ _id: 0 }])
  const socket = await Messages.of(
    open(`${db}/collections/socket/watch?ejson=canonical&pipeline=${pipeline}`)
  )
  expect(await socket.next()).toMatchObject({ type: 'progress' })
  await mongo.documents.insert(db, 'socket', [
    { _id: 1, long: { $numberLong: '9007199254740993' } },
  ])
  const inserted = await changeOf(socket)
  expect(inserted.fullDocument).toEqual({
    _id: { $numberInt: '1' },
    long: { $numberLong: '9007199254740993' },
  })
  const end = closing(socket)
  await mongo.collections.drop(db, 'socket', 'socket')
  expect(await changeOf(socket)).toMatchObject({ operationType: 'drop' })
  expect(await socket.next()).toMatchObject({ type: 'invalidate' })
  expect(await end).toEqual({ code: 1000, reason: '' })
  await released(stack, id)
})

it('a socket that vanishes leaves nothing behind', async () => {
  const socket = await Messages.of(open(`${db}/watch`))
  await socket.next()
  socket.terminate()
  await released(stack, id)
})

it('what can not be watched is told instead of a socket', async () => {
  const refused = async (socket: WebSocket) => {
    const [, response] = await once(socket, 'unexpected-response')
    socket.on('error', () => {}).terminate()
    return response.statusCode as number
  }
  expect(await refused(open(`${db}/watch?pipeline=[{"$out":"stolen"}]`))).toBe(403)
  expect(await refused(open(`${db}/watch?resumeAfter={"_data":"no"}`))).toBe(400)
  // The stack's own server is no replica set.
  expect(await refused(open(`${db}/watch`, stack.ids.mongodb))).toBe(403)
})

it('the typed client is a loop that goes on where another ended', async () => {
  const first = mongo.watch(db, 'typed', { fullDocument: 'updateLookup' })
  const begun = await next(first)
  await mongo.documents.insert(db, 'typed', [{ _id: 1 }, { _id: 2 }])
  const { change, resume_token } = await nextChange(first)
  expect(change).toMatchObject({ operationType: 'insert', documentKey: { _id: 1 } })
  await first.return(undefined)
  await released(stack, id)

  const resumed = mongo.watch(db, 'typed', { resumeAfter: resume_token })
  expect((await nextChange(resumed)).change.documentKey).toEqual({ _id: 2 })
  await resumed.return(undefined)

  // The first message of all is a place to come back to, too.
  if (begun.type !== 'progress' || !begun.resume_token) throw new Error(begun.type)
  const again = mongo.watch(db, undefined, { startAfter: begun.resume_token })
  expect((await nextChange(again)).change.documentKey).toEqual({ _id: 1 })
  await again.return(undefined)

  const refused = mongo.watch(db, 'typed', { pipeline: [{ $group: { _id: null } }] })
  await expect(refused.next()).rejects.toMatchObject({ code: 'OPERATION_NOT_ALLOWED' })
})

it('an abort ends a loop that waits', async () => {
  const controller = new AbortController()
  const stream = mongo.watch(db, 'aborted', {}, { signal: controller.signal })
  await next(stream)
  const waiting = expect(stream.next()).rejects.toBeDefined()
  controller.abort()
  await waiting
  await released(stack, id)
})

it('a history that the server lost is a gap, and closes the socket with 4409', async () => {
  const cursor = (batch: string) => ({
    cursor: {
      id: new Long(9),
      ns: `${db}.lost`,
      [batch]: [],
      postBatchResumeToken: { _data: '01' },
    },
    ok: new Double(1),
  })
  const lost = {
    ok: new Double(0),
    code: 286,
    codeName: 'ChangeStreamHistoryLost',
    errmsg: 'Resume of change stream was not possible',
    errorLabels: ['NonResumableChangeStreamError'],
  }
  let told = false
  const rogue = await rogueMongo({
    setName: 'rs0',
    reply: (command: { aggregate?: unknown; getMore?: unknown }) => {
      if (command.aggregate === 'lost') return cursor('firstBatch')
      if (command.getMore) return told ? lost : cursor('nextBatch')
      return undefined
    },
  })
  try {
    const { projectRef } = stack
    const body = { projectRef, name: 'rogue', type: 'mongodb', connectionString: rogue.url }
    const made = await stack.api('POST', '/databases?skip_test=true', body)
    const socket = await Messages.of(open(`${db}/collections/lost/watch`, made.body.data.id))
    const token = { resume_token: { _data: '01' } }
    expect(await socket.next()).toMatchObject({ type: 'progress', ...token })
    const end = closing(socket)
    told = true
    expect(await socket.next()).toEqual({ type: 'gap', reason: 'history_lost', ...token })
    expect(await end).toMatchObject({ code: 4409 })
  } finally {
    await rogue.stop()
  }
})
