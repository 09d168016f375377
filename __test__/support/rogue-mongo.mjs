// A MongoDB server that says its replica set is elsewhere.

import { Double } from 'bson'

import { listenLocally } from './listener.mjs'
import {
  firstDocument,
  message,
  OP_MSG,
  OP_QUERY,
  OP_REPLY,
  opMsgBody,
  opReplyBody,
  splitMessages,
} from './mongo-wire.mjs'

/** Flag of OP_MSG: the sender wants no answer. */
const MORE_TO_COME = 2
const SECTIONS = 5

/**
 * @param {object} [options]
 * @param {string} [options.host]
 * @param {number} [options.port]
 * @param {string} [options.setName] of the replica set; a standalone server unless given
 * @param {string[]} [options.hosts] its members, as `host:port`; itself unless given
 * @param {string[]} [options.passives]
 * @param {string[]} [options.arbiters]
 * @param {string} [options.primary]
 * @param {string} [options.me] itself unless given
 * @param {object} [options.hello] more fields of the answer to `hello`, or others
 * @param {(command: object) => object | undefined} [options.reply] the answer to a command, or
 *   undefined for the usual one
 */
export async function rogueMongo(options = {}) {
  const seen = []
  const answer = (command) => {
    seen.push(command)
    return { ...(options.reply?.(command) ?? usual(command, options, self)) }
  }
  const listener = await listenLocally(options, (socket) => {
    let rest = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      rest = splitMessages(Buffer.concat([rest, chunk]), ({ opCode, requestId, body }) => {
        const reply = { responseTo: requestId, requestId: requestId + 1 }
        if (opCode === OP_MSG) {
          const document = answer(firstDocument(body.subarray(SECTIONS)))
          if (body.readInt32LE(0) & MORE_TO_COME) return
          socket.write(message({ ...reply, opCode: OP_MSG, body: opMsgBody(document) }))
        } else if (opCode === OP_QUERY) {
          const document = answer(firstDocument(queryDocument(body)))
          socket.write(message({ ...reply, opCode: OP_REPLY, body: opReplyBody(document) }))
        } else {
          socket.destroy()
        }
      })
    })
  })
  const self = `${listener.host}:${listener.port}`
  return {
    ...listener,
    url: `mongodb://${self}/${options.setName ? `?replicaSet=${options.setName}` : ''}`,
    /** Every command that came. */
    commands: () => seen,
  }
}

/** OP_QUERY has flags, a collection's name and two numbers before its document. */
function queryDocument(body) {
  const nameEnd = body.indexOf(0, 4)
  return body.subarray(nameEnd + 1 + 8)
}

function usual(command, options, self) {
  const [name] = Object.keys(command)
  if (/^(hello|ismaster)$/i.test(name)) return hello(options, self)
  if (name === 'ping' || name === 'endSessions') return { ok: new Double(1) }
  if (name === 'buildInfo') return { version: '7.0.14', ok: new Double(1) }
  const errmsg = `no such command: '${name}'`
  return { ok: new Double(0), errmsg, code: 59, codeName: 'CommandNotFound' }
}

function hello(options, self) {
  const { setName, hosts = [self], passives, arbiters, me = self, primary = me } = options
  const member = {
    setName,
    setVersion: 1,
    hosts,
    ...(passives && { passives }),
    ...(arbiters && { arbiters }),
    primary,
    me,
    secondary: false,
  }
  return {
    helloOk: true,
    ismaster: true,
    isWritablePrimary: true,
    ...(setName && member),
    maxBsonObjectSize: 16 * 1024 * 1024,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
    connectionId: 1,
    minWireVersion: 0,
    maxWireVersion: 21,
    readOnly: false,
    ...options.hello,
    ok: new Double(1),
  }
}
