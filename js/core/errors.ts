import type { Failure, FailureCode, Fault, Outcome } from '../generated/schemas'

export type { FailureCode, Outcome }

/** What every error of this package carries besides its message. */
export interface ErrorFields {
  /** Stable code, such as `DB_TIMEOUT`. */
  code?: string
  /** The HTTP status that an API route answers with. */
  statusCode?: number
  /** Machine-readable facts about the failure. */
  details?: Record<string, unknown>
  /** Whether the same call may succeed later without being changed; `false` unless given. */
  retryable?: boolean
  /** Whether the operation took effect on the server; `not_applied` unless given. */
  outcome?: Outcome
  /** Identifies the request in the logs. */
  requestId?: string
}

/** The base of every error that this package throws. */
export class DatabaseError extends Error {
  /** Stable code, such as `DB_TIMEOUT`. */
  readonly code: string
  /** The HTTP status that an API route answers with. */
  readonly statusCode: number
  /** Machine-readable facts about the failure. */
  readonly details: Record<string, unknown>
  /** Whether the same call may succeed later without being changed. */
  readonly retryable: boolean
  /** Whether the operation took effect on the server. */
  readonly outcome: Outcome
  /** Identifies the request in the logs. */
  readonly requestId: string | undefined

  constructor(
    message: string,
    code = 'INTERNAL_ERROR',
    statusCode = 500,
    details: Record<string, unknown> = {},
    fields: ErrorFields = {}
  ) {
    super(message)
    this.name = new.target.name
    this.code = fields.code ?? code
    this.statusCode = fields.statusCode ?? statusCode
    this.details = fields.details ?? details
    this.retryable = fields.retryable ?? false
    this.outcome = fields.outcome ?? 'not_applied'
    this.requestId = fields.requestId
  }
}

type ErrorClass = new (
  message: string,
  details?: Record<string, unknown>,
  fields?: ErrorFields
) => DatabaseError

/** A class of errors that have a code and a status, unless `fields` say otherwise. */
const coded = (code: FailureCode, statusCode: number, usual: ErrorFields = {}): ErrorClass =>
  class extends DatabaseError {
    constructor(message: string, details?: Record<string, unknown>, fields?: ErrorFields) {
      super(message, code, statusCode, details, { ...usual, ...fields })
    }
  }

/** No connection could be made, or it was lost: `DB_CONNECTION_FAILED` and its kin. */
export class ConnectionError extends coded('DB_CONNECTION_FAILED', 503, { retryable: true }) {}

/** The request is malformed, or the backend refused it. */
export class QueryError extends coded('DB_QUERY_ERROR', 400) {}

/** No user where one is required. */
export class AuthenticationError extends coded('UNAUTHENTICATED', 401) {}

/** The user's role, or a rule that holds for everyone, does not allow it. */
export class PermissionError extends coded('PERMISSION_DENIED', 403) {}

/** The connection, or the thing asked for in it, does not exist. */
export class NotFoundError extends DatabaseError {
  constructor(resource: string, details?: Record<string, unknown>, fields?: ErrorFields) {
    super(fields ? resource : `${resource} not found`, 'DB_NOT_FOUND', 404, details, fields)
  }
}

/** The state of the server does not allow it now; read it again. */
export class ConflictError extends coded('CONFLICT', 409) {}

/** Too many requests by this user. */
export class RateLimitError extends coded('RATE_LIMITED', 429, { retryable: true }) {}

/** The deadline passed; `outcome` says what is known of the work. */
export class TimeoutError extends coded('DB_TIMEOUT', 504, { retryable: true }) {}

const CLASSES: Record<Exclude<FailureCode, 'INTERNAL_ERROR'>, [ErrorClass, number]> = {
  VALIDATION_ERROR: [QueryError, 400],
  DB_QUERY_ERROR: [QueryError, 400],
  PAYLOAD_TOO_LARGE: [QueryError, 413],
  UNAUTHENTICATED: [AuthenticationError, 401],
  PERMISSION_DENIED: [PermissionError, 403],
  OPERATION_NOT_ALLOWED: [PermissionError, 403],
  HOST_NOT_ALLOWED: [PermissionError, 403],
  DB_NOT_FOUND: [NotFoundError, 404],
  CONFLICT: [ConflictError, 409],
  WRONG_TYPE: [ConflictError, 409],
  RATE_LIMITED: [RateLimitError, 429],
  DB_INVALID_CREDENTIALS: [ConnectionError, 502],
  DB_CONNECTION_FAILED: [ConnectionError, 503],
  POOL_EXHAUSTED: [ConnectionError, 503],
  DB_TLS_ERROR: [ConnectionError, 503],
  DB_TIMEOUT: [TimeoutError, 504],
}

/** The error that an envelope's `error` stands for. */
export function fromFault(fault: Fault): DatabaseError {
  const { message, code, details, retryable, outcome, request_id: requestId } = fault
  const fields = { retryable, outcome, ...(requestId ? { requestId } : {}) }
  const known = code === 'INTERNAL_ERROR' ? undefined : CLASSES[code]
  if (!known) return new DatabaseError(message, code, 500, details, fields)
  const [Class, statusCode] = known
  return new Class(message, undefined, { ...fields, code, details, statusCode })
}

/**
 * The error that a native call failed with. Rejections are the envelope's text; what is thrown at
 * once is an `Error` with that text as its message.
 */
export function fromNative(thrown: unknown): unknown {
  // Not `instanceof`: a module loaded in a `vm` context has another `Error` than the addon.
  const isError = typeof thrown === 'object' && thrown !== null && 'message' in thrown
  const text = isError ? thrown.message : thrown
  if (typeof text !== 'string' || !text.startsWith('{')) return thrown
  return fromFault((JSON.parse(text) as Failure).error)
}
