import type { IncomingMessage, ServerResponse } from 'node:http'
import { DatabaseError, PermissionError, fromNative } from '../core/errors'
import { createUserReader, leftAlready, leftByWrapper } from '../next/user'
import type { DatabaseType, ProjectPermissions } from '../types'
import { defaultManager } from './default'

/**
 * A request that the Studio's `apiWrapper` has authenticated. `user` may have every shape that the
 * routes know: an id, or an object with one as `id`, `userId` or `sub`, also within `user` or `claims`.
 */
export type AuthenticatedRequest = IncomingMessage & { user?: unknown }

const readUser = createUserReader(
  (error) => console.error(error),
  'by handing on a request whose user is { id }: Object.assign(req, { user: { id: … } })'
)

/**
 * The id of the user that a request was authenticated as. `claims` is what the wrapper passed as the
 * third argument. A user whose id can't be told is an error, and so is a session that was refused.
 */
export function userOf(req: AuthenticatedRequest, claims?: unknown): string | undefined {
  return readUser(leftAlready(req, claims))
}

/** What the request's user may do in a project. */
export async function checkProjectAccess(
  req: AuthenticatedRequest,
  projectRef: string,
  claims?: unknown
): Promise<{ hasAccess: boolean; permissions?: ProjectPermissions; error?: Error }> {
  try {
    const user = readUser(await leftByWrapper(req, claims))
    const granted = await defaultManager().native.permission(projectRef, user)
    const permissions: ProjectPermissions = {
      canRead: true,
      canWrite: granted !== 'read',
      canAdmin: granted === 'admin',
      level: granted === 'admin' ? 'admin' : granted === 'write' ? 'developer' : 'viewer',
    }
    return { hasAccess: true, permissions }
  } catch (error) {
    return { hasAccess: false, error: fromNative(error) as Error }
  }
}

/** Whether the request's user may do this in a project. */
export async function requirePermission(
  req: AuthenticatedRequest,
  projectRef: string,
  requiredPermission: 'read' | 'write' | 'admin',
  claims?: unknown
): Promise<{ authorized: boolean; error?: Error }> {
  const { permissions, error } = await checkProjectAccess(req, projectRef, claims)
  if (!permissions)
    return { authorized: false, error: error ?? new PermissionError('access denied') }
  const allowed = {
    read: permissions.canRead,
    write: permissions.canWrite,
    admin: permissions.canAdmin,
  }
  return { authorized: allowed[requiredPermission] }
}

/**
 * Counts a request against its user's limit, or its address's where nobody is logged in. Where the
 * limit is passed it answers 429 itself and returns `false`; so it does, with the reason, where the
 * user can't be told: to count that one with others would have them pay for each other.
 */
export function rateLimit(
  req: AuthenticatedRequest,
  res: ServerResponse,
  maxRequests = 100,
  windowMs = 60_000,
  claims?: unknown
): boolean {
  let user: string | undefined
  try {
    user = userOf(req, claims)
  } catch (error) {
    handleDatabaseError(error, res)
    return false
  }
  const address = req.socket?.remoteAddress ?? 'anonymous'
  const waitMs = defaultManager().native.admit(user, address, maxRequests, windowMs)
  if (waitMs === 0) return true
  const retryAfter = Math.ceil(waitMs / 1000)
  const message = 'Too many requests'
  answer(res, 429, { message, error: { message, code: 'RATE_LIMITED', retryAfter } }, retryAfter)
  return false
}

/** Says in the log how an operation went. */
export function logDatabaseOperation(
  operation: string,
  projectRef: string,
  databaseType: DatabaseType,
  duration: number,
  error?: Error
): void {
  defaultManager().native.log(operation, projectRef, databaseType, duration, error?.message)
}

/** Answers a request with an error, as the package's own handlers would. */
export function handleDatabaseError(error: unknown, res: ServerResponse): void {
  if (error instanceof DatabaseError) {
    const { message, code, details, retryable, outcome, statusCode } = error
    answer(res, statusCode, { message, error: { message, code, details, retryable, outcome } })
    return
  }
  const message = 'An internal error occurred'
  answer(res, 500, { message, error: { message, code: 'INTERNAL_ERROR' } })
}

function answer(res: ServerResponse, status: number, body: unknown, retryAfter?: number): void {
  res.statusCode = status
  if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter))
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.end(JSON.stringify(body))
}
