// The parts of DER, the encoding of certificates (ITU-T X.690), that a certificate is made of.

/** A value with its tag and length. */
function tagged(tag, ...contents) {
  const body = Buffer.concat(contents)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const size = Buffer.from(
    body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'),
    'hex'
  )
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, body])
}

export const sequence = (...items) => tagged(0x30, ...items)
export const set = (...items) => tagged(0x31, ...items)
export const octets = (bytes) => tagged(0x04, bytes)
export const utf8 = (text) => tagged(0x0c, Buffer.from(text))
export const boolean = (value) => tagged(0x01, Buffer.from([value ? 0xff : 0]))

/** A bit string of whole bytes, or one whose last `unused` bits don't count. */
export const bits = (bytes, unused = 0) => tagged(0x03, Buffer.from([unused]), bytes)

/** A non-negative integer, from its big-endian bytes. */
export function integer(bytes) {
  const isNegative = bytes[0] & 0x80
  return tagged(0x02, Buffer.from(isNegative ? [0] : []), bytes)
}

/** `[number]` around whole values. */
export const explicit = (number, ...items) => tagged(0xa0 | number, ...items)

/** `[number]` in place of a simple value's own tag. */
export const implicit = (number, bytes) => tagged(0x80 | number, bytes)

/** An object identifier from its dotted form. */
export function identifier(dotted) {
  const [first, second, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const groups = [part & 0x7f]
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift(0x80 | (left & 0x7f))
    bytes.push(...groups)
  }
  return tagged(0x06, Buffer.from(bytes))
}

/** A time: two digits of the year up to 2049, four from then on, as RFC 5280 has it. */
export function time(date) {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits))
}
