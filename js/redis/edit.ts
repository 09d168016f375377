import type { RedisInteger, RedisText } from './values'

/** A score or another number with a fraction; text where JSON has no number, as `inf`. */
export type RedisScore = number | string

/** `[field, value]` pairs: names may be bytes, which no object can have. */
export type RedisPairs = Array<[RedisText, RedisText]>

/** When a key or field ends: one of these. A time that has passed is refused. */
export interface Expiry {
  /** Seconds to live; −1 is for ever. */
  ttl?: number
  /** Milliseconds to live; −1 is for ever. */
  ttl_ms?: number
  /** Seconds since 1970. */
  at?: number
  /** Milliseconds since 1970. */
  at_ms?: number
}

/** Which entries a stream keeps. Unless `exact`, some more are kept, which is much less work. */
export interface StreamCap {
  max_length?: number
  min_id?: string
  exact?: boolean
}

/**
 * One change of one key. `if_unchanged` is what the caller saw; where something else is there now,
 * the edit fails with `CONFLICT` and `details.current`.
 */
export type RedisEdit =
  | { string: StringEdit }
  | { hash: HashEdit }
  | { list: ListEdit }
  | { set: SetEdit }
  | { zset: ZsetEdit }
  | { stream: StreamEdit }
  | { hyperloglog: { add: { elements: RedisText[] } } }

/** Changes of a string, which may also be a number or a bitmap. */
export type StringEdit =
  | { set: { value: RedisText; if_unchanged?: RedisText } }
  | { append: { value: RedisText } }
  | { set_range: { offset: number; value: RedisText; if_unchanged?: RedisText } }
  | { increment: { by: RedisInteger | string } }
  | { increment_float: { by: RedisScore } }
  | { set_bit: { offset: number; bit: 0 | 1 } }

/** Changes of a hash; fields keep their own times to live. */
export type HashEdit =
  | { set: { fields: RedisPairs; if_unchanged?: Array<[RedisText, RedisText | null]> } }
  | { delete: { fields: RedisText[]; if_unchanged?: Array<[RedisText, RedisText | null]> } }
  | { increment: { field: RedisText; by: RedisInteger | string } }
  | { increment_float: { field: RedisText; by: RedisScore } }
  | { expire: { fields: RedisText[] } & Expiry }

/** Changes of a list; negative indexes count from the end. */
export type ListEdit =
  | { set: { index: number; value: RedisText; if_unchanged: RedisText } }
  | { insert: { side: 'before' | 'after'; pivot: RedisText; value: RedisText } }
  | {
      insert_at: {
        index: number
        side: 'before' | 'after'
        value: RedisText
        if_unchanged: RedisText
      }
    }
  | { push: { side: 'left' | 'right'; values: RedisText[] } }
  | { remove: { value: RedisText; count: number } }
  | { remove_at: { index: number; if_unchanged: RedisText } }
  | { trim: { start: number; stop: number } }

/** Changes of a set. */
export type SetEdit = { add: { members: RedisText[] } } | { remove: { members: RedisText[] } }

/** Changes of a sorted set. */
export type ZsetEdit =
  | {
      add: {
        members: Array<[RedisText, RedisScore]>
        if_unchanged?: Array<[RedisText, RedisScore | null]>
      }
    }
  | { increment: { member: RedisText; by: RedisScore } }
  | { remove: { members: RedisText[] } }

/** Changes of a stream, its groups and their consumers. */
export type StreamEdit =
  | { add: { fields: RedisPairs; id?: string } & StreamCap }
  | { trim: StreamCap }
  | { delete: { ids: string[] } }
  | { group_create: { group: RedisText; id: string } }
  | { group_destroy: { group: RedisText } }
  | { group_set_id: { group: RedisText; id: string } }
  | { ack: { group: RedisText; ids: string[] } }
  | { claim: { group: RedisText; consumer: RedisText; ids: string[]; min_idle_ms?: number } }
  | { delete_consumer: { group: RedisText; consumer: RedisText } }

/** What an edit did. */
export interface EditResult {
  key: RedisText
  type: string
  /** Such as `{ added: 1 }`; it depends on the edit. */
  result: Record<string, unknown>
  /** Seconds that the key has left; −1 is no end, −2 says that it went with its last element. */
  ttl: number | null
  /** The same in milliseconds. */
  ttl_ms: number | null
}
