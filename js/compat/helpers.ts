import type { IncomingMessage } from 'node:http'
import {
  decryptSealed,
  decryptWith,
  encryptSealed,
  formatByteCount,
  refuseOperators,
} from '../../index'
import { fromNative, QueryError } from '../core/errors'
import { DatabaseType } from '../types'

/** What `decryptConnectionString` needs to open a string again. */
export interface EncryptedConnectionString {
  /** Hex digits. */
  encrypted: string
  /** Hex digits. */
  iv: string
  /** Hex digits. */
  authTag: string
}

const TYPES: readonly string[] = Object.values(DatabaseType)

/** Whether these could be a connection's parameters. */
export function validateConnectionParams(params: {
  host: string
  port: number
  database_type: DatabaseType
}): { isValid: boolean; error?: string } {
  if (!params.host || params.host.trim().length === 0) {
    return { isValid: false, error: 'Host is required' }
  }
  if (!Number.isInteger(params.port) || params.port <= 0 || params.port >= 65536) {
    return { isValid: false, error: 'Port must be between 1 and 65535' }
  }
  if (!TYPES.includes(params.database_type)) {
    return { isValid: false, error: 'Invalid database type' }
  }
  return { isValid: true }
}

type Query = Record<string, string | string[] | undefined>

/** The parameters of a document query, parsed and held to their limits. */
export function sanitizeQueryParams(req: Pick<IncomingMessage, never> & { query: Query }): {
  filter?: Record<string, unknown>
  projection?: Record<string, unknown>
  sort?: Record<string, unknown>
  limit: number
  skip: number
} {
  const { filter, projection, sort, limit, skip } = req.query
  const parsed = {
    filter: parse('filter', filter),
    projection: parse('projection', projection),
    sort: parse('sort', sort),
  }
  const given = Object.entries(parsed).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(given),
    limit: whole(limit, 20, 1000),
    skip: whole(skip, 0, Number.MAX_SAFE_INTEGER),
  }
}

function parse(name: string, value: Query[string]): Record<string, unknown> | undefined {
  if (value === undefined || value === '') return undefined
  let parsed: unknown
  try {
    parsed = JSON.parse(String(value))
  } catch {
    throw new QueryError(`\`${name}\` is not valid JSON`, {}, { code: 'VALIDATION_ERROR' })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new QueryError(`\`${name}\` must be a JSON object`, {}, { code: 'VALIDATION_ERROR' })
  }
  // As text: a member that is given twice is refused, of which the parser has kept the last.
  native(() => refuseOperators(String(value)))
  return parsed as Record<string, unknown>
}

function whole(value: Query[string], fallback: number, most: number): number {
  const number = Number.parseInt(String(value ?? ''), 10)
  return Number.isNaN(number) || number < 0 ? fallback : Math.min(number || fallback, most)
}

/** The query as it was, or an error where an operator in it runs code on the server. */
export function sanitizeMongoQuery<T>(query: T): T {
  native(() => refuseOperators(JSON.stringify(query)))
  return query
}

/** `1536` as `1.5 KB`. */
export function formatBytes(bytes: number): string {
  return formatByteCount(bytes)
}

/** Seals a text under the first key of `DATABASE_ENCRYPTION_KEY`. */
export function encryptConnectionString(connectionString: string): EncryptedConnectionString {
  return native(() => encryptSealed(connectionString, encryptionKey()))
}

/**
 * Opens what `encryptConnectionString` made; or, given one text alone, what crypto-js made under
 * `MULTI_DB_CRYPTO_KEY` or `PG_META_CRYPTO_KEY`.
 */
export function decryptConnectionString(encrypted: string, iv?: string, authTag?: string): string {
  if (iv === undefined || authTag === undefined) {
    const key = process.env.MULTI_DB_CRYPTO_KEY ?? process.env.PG_META_CRYPTO_KEY ?? ''
    return native(() => decryptWith(encrypted, key))
  }
  return native(() => decryptSealed({ encrypted, iv, authTag }, encryptionKey()))
}

function encryptionKey(): string {
  return process.env.DATABASE_ENCRYPTION_KEY ?? process.env.MULTI_DB_CRYPTO_KEY ?? ''
}

function native<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw fromNative(error)
  }
}
