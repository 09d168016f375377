// The few BSON types that setting up a server and faking one need.

/** A 64-bit integer; other integers are 32-bit. */
export class Long {
  /** @param {number | bigint} value */
  constructor(value) {
    this.value = BigInt(value)
  }
}

/** A double, also when its value is whole. */
export class Double {
  /** @param {number} value */
  constructor(value) {
    this.value = value
  }
}

/** Sixteen bytes that name something. */
export class Uuid {
  /** @param {Buffer} bytes */
  constructor(bytes) {
    this.bytes = bytes
  }
}

/**
 * Encodes strings, numbers, booleans, dates, buffers, UUIDs, null, arrays and plain objects.
 * @param {object} document
 * @returns {Buffer}
 */
export function encodeBson(document) {
  const parts = Object.entries(document).map(([name, value]) => element(name, value))
  const length = Buffer.alloc(4)
  const body = Buffer.concat(parts)
  length.writeInt32LE(body.length + 5)
  return Buffer.concat([length, body, Buffer.from([0])])
}

function element(name, value) {
  const [type, bytes] = encodeValue(value)
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), bytes])
}

function encodeValue(value) {
  if (value === null || value === undefined) return [0x0a, Buffer.alloc(0)]
  if (typeof value === 'boolean') return [0x08, Buffer.from([value ? 1 : 0])]
  if (typeof value === 'string') return [0x02, prefixed(Buffer.from(`${value}\0`))]
  if (typeof value === 'number') return Number.isInteger(value) ? int32(value) : double(value)
  if (value instanceof Long) return [0x12, int64(value.value)]
  if (value instanceof Double) return double(value.value)
  if (value instanceof Date) return [0x09, int64(BigInt(value.getTime()))]
  if (Buffer.isBuffer(value)) return [0x05, binary(value)]
  if (value instanceof Uuid) return [0x05, binary(value.bytes, UUID)]
  if (Array.isArray(value)) return [0x04, encodeBson({ ...value })]
  if (typeof value === 'object') return [0x03, encodeBson(value)]
  throw new TypeError(`no BSON type for ${typeof value}`)
}

function prefixed(bytes) {
  const length = Buffer.alloc(4)
  length.writeInt32LE(bytes.length)
  return Buffer.concat([length, bytes])
}

const UUID = 4

function binary(bytes, subtype = 0) {
  const head = Buffer.alloc(5)
  head.writeInt32LE(bytes.length)
  head.writeUInt8(subtype, 4)
  return Buffer.concat([head, bytes])
}

function int32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return [0x10, bytes]
}

function double(value) {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return [0x01, bytes]
}

function int64(value) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

/** The bytes that a value of a type takes, where that doesn't depend on the value. */
const fixedLengths = { 0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0a: 0, 0x10: 4, 0x11: 8 }
Object.assign(fixedLengths, { 0x12: 8, 0x13: 16, 0x7f: 0, 0xff: 0 })

/**
 * Decodes a document; a value of a type not listed above comes as a Buffer of its bytes.
 * @param {Buffer} bytes that may go on after the document
 * @returns {Record<string, any>}
 */
export function decodeBson(bytes) {
  const end = bytes.readInt32LE(0) - 1
  const document = {}
  let at = 4
  while (at < end) {
    const type = bytes[at]
    const nameEnd = bytes.indexOf(0, at + 1)
    const name = bytes.toString('utf8', at + 1, nameEnd)
    const start = nameEnd + 1
    const length = valueLength(type, bytes, start)
    const value = decodeValue(type, bytes.subarray(start, start + length))
    // Not by assignment, to which `__proto__` means something else.
    Object.defineProperty(document, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
    at = start + length
  }
  return document
}

function valueLength(type, bytes, at) {
  if (type in fixedLengths) return fixedLengths[type]
  if ([0x02, 0x0d, 0x0e].includes(type)) return 4 + bytes.readInt32LE(at)
  if (type === 0x03 || type === 0x04) return bytes.readInt32LE(at)
  if (type === 0x05) return 5 + bytes.readInt32LE(at)
  throw new Error(`BSON type 0x${type.toString(16)} is not decoded here`)
}

function decodeValue(type, bytes) {
  switch (type) {
    case 0x01:
      return bytes.readDoubleLE(0)
    case 0x02:
      return bytes.toString('utf8', 4, bytes.length - 1)
    case 0x03:
      return decodeBson(bytes)
    case 0x04:
      return Object.values(decodeBson(bytes))
    case 0x05:
      return bytes.subarray(5)
    case 0x08:
      return bytes[0] === 1
    case 0x09:
      return new Date(Number(bytes.readBigInt64LE(0)))
    case 0x0a:
      return null
    case 0x10:
      return bytes.readInt32LE(0)
    case 0x12:
      return bytes.readBigInt64LE(0)
    default:
      return bytes
  }
}
