import type { IncomingHttpHeaders } from 'node:http'
import type { HandleResponse } from '../../index'
import { DatabaseError } from '../core/errors'
import { ClientGone, capped } from './body'
import { failure, internal, misconfigured, tooLarge } from './failure'
import { checkOrigins } from './origins'
import type { Target } from './paths'
import type { HandlerOptions, ManagerSource, RequestManager } from './types'
import { createUserReader } from './user'

/** Unless `maxBodyBytes` says otherwise. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** A body that says it is no longer is read at once. */
const SHORT_BODY_BYTES = 64 * 1024

/** Asks for the operator's own token, which is no user's and which the core compares. */
const FOR_THE_OPERATOR = '/api/platform/multidb/metrics'

/** What is between this server and the one before it. */
const NOT_PASSED_ON = new Set(['proxy-authorization'])

/** Whoever answers a plain request has not been asked to become something else. */
const NOT_PASSED_ON_PLAIN = new Set([...NOT_PASSED_ON, 'upgrade', 'connection'])

/** One request, whichever way it came in. */
export interface Incoming {
  method: string
  target: Target
  headers: IncomingHttpHeaders
  remoteAddress: string | undefined
  /** In whatever shape the host has it. */
  getUser: () => unknown
  readBody: (limit: number) => Promise<Buffer | undefined>
  /** The body while it arrives; `undefined` where it is there already. */
  streamBody: () => AsyncIterable<Uint8Array> | undefined
  /** A body without a length may be there all the same. */
  isUnsized?: boolean
  /** The body is a socket's bytes, and the answer may be too. */
  isSocket?: boolean
  /** Aborted when the client has gone. */
  signal: AbortSignal
}

/** Answers requests; never rejects. `undefined` means that there is nobody left to answer. */
export type Exchange = (incoming: Incoming) => Promise<HandleResponse | undefined>

/** What the adapters have in common. */
export function createExchange(source: ManagerSource, options: HandlerOptions): Exchange {
  const { maxBodyBytes = MAX_BODY_BYTES, onError = console.error } = options
  const allowedOrigins = checkOrigins(options.allowedOrigins)
  const readUser = createUserReader(onError)
  let manager: RequestManager | undefined
  const open = () => {
    try {
      return typeof source === 'function' ? source() : source
    } catch (error) {
      onError(error)
      throw misconfigured(error)
    }
  }

  return async (incoming) => {
    const { method, signal } = incoming
    let sent = false
    try {
      manager ??= open()
      const { path } = incoming.target
      const id = path === FOR_THE_OPERATOR ? undefined : readUser(await incoming.getUser())
      const isUpload = incoming.isSocket || (hasBody(method) && manager.takesUpload?.(method, path))
      const isStreamed = isUpload || (manager.takesUpload && hasBody(method) && isLong(incoming))
      let upload = isStreamed ? incoming.streamBody() : undefined
      let isOver = false
      const whole = hasBody(method) && !upload
      const isHeld = whole || (upload && !isUpload)
      if (isHeld && Number(incoming.headers['content-length'] ?? 0) > maxBodyBytes)
        throw tooLarge(maxBodyBytes)
      if (upload && isHeld) upload = capped(upload, maxBodyBytes, () => (isOver = true))
      const body = whole ? await incoming.readBody(maxBodyBytes) : undefined
      if (signal.aborted) return undefined
      sent = true
      const response = await manager.handle(
        {
          // A HEAD is a GET whose body is not sent.
          method: method === 'HEAD' ? 'GET' : method,
          path,
          query: incoming.target.query,
          headers: plainHeaders(incoming),
          ...(body && { body }),
          ...(id && { user: id }),
          ...(incoming.remoteAddress && { remoteAddress: incoming.remoteAddress }),
          ...(allowedOrigins && { allowedOrigins }),
        },
        signal,
        upload
      )
      if (isOver) return failure(tooLarge(maxBodyBytes))
      return method === 'OPTIONS' ? allowed(response) : response
    } catch (error) {
      if (signal.aborted || error instanceof ClientGone) return undefined
      if (error instanceof DatabaseError && !sent) return failure(error)
      onError(error)
      return failure(internal(sent && hasBody(method) ? 'unknown' : 'not_applied'))
    }
  }
}

/**
 * The core takes a long body while it arrives: who may not send one is refused before it is read, and
 * what is kept of those that stop arriving has its bounds there.
 */
function isLong({ headers, isUnsized }: Incoming): boolean {
  const length = headers['content-length']
  if (length !== undefined) return Number(length) > SHORT_BODY_BYTES
  return isUnsized || headers['transfer-encoding'] !== undefined
}

/** A body of another method has no meaning; reading one would only cost time. */
function hasBody(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'
}

function plainHeaders({ headers, isSocket, target }: Incoming): Record<string, string> {
  const notPassedOn = isSocket ? NOT_PASSED_ON : NOT_PASSED_ON_PLAIN
  const plain: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    const known = name.toLowerCase()
    if (value === undefined || notPassedOn.has(known)) continue
    plain[name] = withheld(known, Array.isArray(value) ? value.join(', ') : value)
  }
  if (target.path === FOR_THE_OPERATOR && headers.authorization) {
    plain.authorization = headers.authorization
  }
  return plain
}

/** Credentials of the Studio's session: its own code has read them. The core is told only that they are there. */
function withheld(name: string, value: string): string {
  if (name === 'authorization') return value.split(' ', 1)[0] ?? ''
  return name === 'cookie' ? 'withheld' : value
}

/** The core knows no OPTIONS and says which methods it knows; that is the answer to it. */
function allowed(response: HandleResponse): HandleResponse {
  const { allow } = response.headers
  if (response.status !== 405 || !allow) return response
  const methods = allow.split(', ')
  if (methods.includes('GET')) methods.push('HEAD')
  const { 'content-type': _, ...headers } = response.headers
  return {
    status: 204,
    headers: { ...headers, allow: [...methods, 'OPTIONS'].join(', ') },
    body: Buffer.alloc(0),
  }
}
