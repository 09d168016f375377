import type { HandleResponse } from '../../index'
import { letBy, readBody, streamBody } from './body'
import { createExchange } from './exchange'
import { failure, internal, notReady } from './failure'
import { isOurs, parseTarget } from './paths'
import { isUncertain, rawUrl } from './raw-url'
import { send } from './send'
import type { ApiHandlerOptions, ApiRequest, ApiResponse, ManagerSource } from './types'
import { leftByWrapper } from './user'

/** A pages-router handler; newer Studios pass the user's claims as the third argument. */
export type ApiHandler<Req, Res> = (request: Req, response: Res, claims?: unknown) => Promise<void>

/**
 * An adapter for `(req, res)`: API routes of the pages router, and plain `node:http`, also in front
 * of Next on the same server. It catches everything: its promise never rejects.
 *
 * @example
 * const handler = createApiHandler(() => new ConnectionManager())
 * export default (req, res) => apiWrapper(req, res, handler, { withAuth: true })
 */
export function createApiHandler<
  Req extends ApiRequest = ApiRequest,
  Res extends ApiResponse = ApiResponse,
>(manager: ManagerSource, options: ApiHandlerOptions<Req, Res> = {}): ApiHandler<Req, Res> {
  const { basePath, fallthrough, getUser = leftByWrapper, onError = console.error } = options
  const exchange = createExchange(manager, options)

  return async (request, response, claims) => {
    const respond = async (answer: HandleResponse, method: string) => {
      await send(response, answer, method)
      letBy(request)
    }
    try {
      // The raw URL, not `req.query`: Next has decoded that, and lost which slash was in a key.
      const target = parseTarget(rawUrl(request), basePath)
      if (fallthrough && !isOurs(target.path)) return void (await fallthrough(request, response))
      if (response.destroyed) return

      const method = (request.method ?? 'GET').toUpperCase()
      if (isUncertain(request, method, target.path)) {
        return void (await respond(notReady(), method))
      }
      const client = new AbortController()
      let answered = false
      response.on?.('close', () => {
        if (!answered) client.abort()
      })
      const answer = await exchange({
        method,
        target,
        headers: request.headers,
        remoteAddress: request.socket?.remoteAddress,
        getUser: () => getUser(request, claims),
        readBody: (limit) => readBody(request, limit),
        streamBody: () => streamBody(request),
        signal: client.signal,
      })
      answered = true
      if (answer) await respond(answer, method)
    } catch (error) {
      onError(error)
      if (!response.headersSent) await respond(failure(internal('unknown')), 'GET')
    }
  }
}
