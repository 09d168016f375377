import { randomUUID } from 'node:crypto'
import type { HandleResponse } from '../../index'
import { ConnectionError, DatabaseError, QueryError } from '../core/errors'

/** The answer to a request that failed before, or outside of, the core. */
export function failure(error: DatabaseError): HandleResponse {
  const { message, code, details, retryable, outcome } = error
  const request_id = error.requestId ?? randomUUID()
  const body = { message, error: { message, code, details, retryable, outcome, request_id } }
  return {
    status: error.statusCode,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-request-id': request_id,
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    },
    body: Buffer.from(JSON.stringify(body)),
  }
}

/** A body over the limit. */
export function tooLarge(limit: number): DatabaseError {
  return new QueryError(`The request body is larger than ${limit} bytes`, undefined, {
    code: 'PAYLOAD_TOO_LARGE',
    statusCode: 413,
  })
}

/** The request was there before what reads its URL. */
export function notReady(): HandleResponse {
  const message = 'This route was loaded only now, and nothing was done; send the request again'
  const answer = failure(new ConnectionError(message))
  return { ...answer, headers: { ...answer.headers, 'retry-after': '0' } }
}

/** What is said of a failure whose own message may hold what a client must not see. */
export function internal(outcome: 'not_applied' | 'unknown'): DatabaseError {
  const message = 'The request could not be handled; the cause is in the log of the server'
  return new DatabaseError(message, 'INTERNAL_ERROR', 500, {}, { outcome })
}

/** The manager could not be made: its message names the setting, and is the operator's to act on. */
export function misconfigured(cause: unknown): DatabaseError {
  const reason = cause instanceof DatabaseError ? cause.message : 'see the log of the server'
  return new DatabaseError(`The connection manager could not be started: ${reason}`)
}
