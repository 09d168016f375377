import type { Integer64, TextOrBytes } from '../../generated/schemas'

/** Text, or bytes that are not valid UTF-8. */
export type RedisText = TextOrBytes

/** An integer; outside ±(2^53−1) it keeps every digit as text. */
export type RedisInteger = Integer64
