// A server's side of MongoDB's wire protocol, of which the driver has only the client's.

import { deserialize, serialize } from 'bson'

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
export const opMsgBody = (document) => Buffer.concat([Buffer.alloc(5), serialize(document)])

/** The body of an OP_REPLY with one document. */
export function opReplyBody(document) {
  const head = Buffer.alloc(20)
  head.writeInt32LE(8, 0) // await capable
  head.writeInt32LE(1, 16) // one document
  return Buffer.concat([head, serialize(document)])
}

/** The document that `bytes` begin with; other sections may follow. */
export const firstDocument = (bytes) =>
  deserialize(bytes, { allowObjectSmallerThanBufferSize: true })

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
