/** Text, or bytes that are not valid UTF-8. */
export type RedisText = string | { $binary: { base64: string } }

/** An integer; outside ±(2^53−1) it keeps every digit as text. */
export type RedisInteger = number | { $numberLong: string }

/** Which part of a large value to read. */
export interface GetKeyOptions {
  /** The `cursor` that the part before came with. */
  cursor?: string
  /** First byte of a string, first index of a list or sorted set. */
  offset?: number
  /** Bytes of a string (default all, up to 16 MiB), else elements (default 100, at most 1000). */
  count?: number
}

/** A key's value; which members it has depends on `type`. */
export interface KeyValue {
  key: RedisText
  /** As `TYPE` names it. */
  type: string
  /** Seconds it has left; −1 lives on. */
  ttl: number
  /** Bytes of memory; `null` where the user may not know. */
  size?: number | null
  /** As `OBJECT ENCODING` names it; `null` where the user may not know. */
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
