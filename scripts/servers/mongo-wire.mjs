// MongoDB's wire protocol: one message each way, enough to see that a server answers and to set
// one up.

import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { decodeBson, encodeBson } from './bson.mjs'

export const OP_REPLY = 1
export const OP_QUERY = 2004
export const OP_MSG = 2013

/** A whole message: header and body. */
export function message({ opCode, requestId = 1, responseTo = 0, body }) {
  const head = Buffer.alloc(16)
  head.writeInt32LE(16 + body.length, 0)
  head.writeInt32LE(requestId, 4)
  head.writeInt32LE(responseTo, 8)
  head.writeInt32LE(opCode, 12)
  return Buffer.concat([head, body])
}

/** The body of an OP_MSG with one document and no flags. */
export const opMsgBody = (document) => Buffer.concat([Buffer.alloc(5), encodeBson(document)])

/** The body of an OP_REPLY with one document. */
export function opReplyBody(document) {
  const head = Buffer.alloc(20)
  head.writeInt32LE(8, 0) // await capable
  head.writeInt32LE(1, 16) // one document
  return Buffer.concat([head, encodeBson(document)])
}

/**
 * Splits a stream into messages: takes the bytes received so far, calls `each` with every whole
 * message and returns the bytes left over.
 *
 * @param {Buffer} bytes
 * @param {(message: { opCode: number, requestId: number, body: Buffer }) => void} each
 */
export function splitMessages(bytes, each) {
  while (bytes.length >= 16 && bytes.length >= bytes.readInt32LE(0)) {
    const length = bytes.readInt32LE(0)
    each({
      requestId: bytes.readInt32LE(4),
      opCode: bytes.readInt32LE(12),
      body: bytes.subarray(16, length),
    })
    bytes = bytes.subarray(length)
  }
  return bytes
}

/**
 * Runs one command, unauthenticated.
 *
 * @param {{ port: number, host?: string, tls?: boolean, timeoutMs?: number }} server
 * @param {string} database
 * @param {object} command
 * @returns {Promise<Record<string, any>>} the reply, also one that says `ok: 0`
 */
export async function mongoCommand(server, database, command) {
  const { port, host = '127.0.0.1', tls, timeoutMs = 10_000 } = server
  // Not verified: it is our own server, and its certificate may be a bad one on purpose.
  const socket = tls
    ? connectTls({ port, host, rejectUnauthorized: false })
    : connect({ port, host })
  try {
    return await new Promise((resolve, reject) => {
      let received = Buffer.alloc(0)
      socket.setTimeout(timeoutMs, () => reject(new Error('no answer in time')))
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('connection closed')))
      socket.on('data', (chunk) => {
        received = splitMessages(Buffer.concat([received, chunk]), ({ body }) =>
          resolve(decodeBson(body.subarray(5)))
        )
      })
      socket.write(message({ opCode: OP_MSG, body: opMsgBody({ ...command, $db: database }) }))
    })
  } finally {
    socket.destroy()
  }
}
