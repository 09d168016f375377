/** Text, or bytes that are not valid UTF-8. */
export type RedisText = string | { $binary: { base64: string } }

/** An integer; outside ±(2^53−1) it keeps every digit as text. */
export type RedisInteger = number | { $numberLong: string }

/** Which part of a large value to read. */
export interface GetKeyOptions {
  cursor?: string
  offset?: number
  count?: number
}

/** A key's value; which members it has depends on `type`. */
export interface KeyValue {
  key: RedisText
  type: string
  ttl: number
  size?: number | null
  encoding?: string | null
  [member: string]: unknown
}

/** A value to store. */
export interface SetKeyInput {
  value: unknown
  /** Default `string`, or what the value's shape says. */
  type?: 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream'
  /** Seconds until it expires. */
  ttl?: number
  /** Only if the key does not exist. */
  nx?: boolean
  /** Only if the key exists. */
  xx?: boolean
}
