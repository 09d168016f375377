import type { RedisReply } from './command'
import type { RedisInteger, RedisText } from './values'

/**
 * A reply without notes of what each part was. A map, such as that of `HGETALL`, is an object, in which
 * JavaScript puts names like `10` first; once a name is no text it is a list of pairs. Where order or
 * binary names count, leave `plain` out: `$map` has every pair, in the server's order.
 */
export type PlainReply =
  | string
  | number
  | bigint
  | boolean
  | null
  | Buffer
  | Error
  | PlainReply[]
  | { [name: string]: PlainReply }

/** What a text, an integer, a floating point number or a large integer becomes. */
export type Leaf<T> = (leaf: RedisText | RedisInteger | boolean | null | Numeral) => T
type Numeral = { $double: string } | { $bigNumber: RedisText }

/**
 * A reply as drivers give it: maps with text for names as objects, others as pairs, sets as arrays,
 * errors within it as `Error`. One name that is no text makes pairs of the whole map: an object would
 * have no place for it.
 */
export function unwrapped<T>(reply: RedisReply, leaf: Leaf<T>): unknown {
  const inner = (part: RedisReply): unknown => unwrapped(part, leaf)
  if (Array.isArray(reply)) return reply.map(inner)
  if (typeof reply !== 'object' || reply === null) return leaf(reply)
  if ('$status' in reply) return reply.$status
  if ('$verbatim' in reply) return reply.$verbatim.text
  if ('$set' in reply) return reply.$set.map(inner)
  if ('$attribute' in reply) return inner(reply.$attribute.value)
  if ('$error' in reply) return new Error(`${reply.$error.code} ${reply.$error.message}`)
  if ('$map' in reply) {
    const pairs = reply.$map.map(([name, value]) => [inner(name), inner(value)] as const)
    const named = pairs.every(([name]) => typeof name !== 'object' || name === null)
    return named ? Object.fromEntries(pairs) : pairs
  }
  return leaf(reply)
}

/** JavaScript's own values: integers past 2^53 are `bigint`, bytes that are no text a `Buffer`. */
export function plain(reply: RedisReply): PlainReply {
  return unwrapped(reply, (leaf): PlainReply => {
    if (typeof leaf !== 'object' || leaf === null) return leaf
    if ('$binary' in leaf) return Buffer.from(leaf.$binary.base64, 'base64')
    if ('$numberLong' in leaf) return BigInt(leaf.$numberLong)
    if ('$bigNumber' in leaf) return BigInt(String(leaf.$bigNumber))
    return float(leaf.$double)
  }) as PlainReply
}

/** As Redis spells it: `1.5`, `inf`, `-inf`, `nan`. */
function float(text: string): number {
  const infinite = /^([+-]?)inf/i.exec(text)
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity
  return Number(text)
}
