import { type IncomingMessage, ServerResponse } from 'node:http'
import { isNobody, unauthenticated } from './user'

/** The Studio's own `apiAuthenticate`: `(req)` or `(req, res)`, at once or later. */
export type Authenticate = (request: never, response: never) => unknown

/**
 * A `getUser` for sockets, from the function by which the Studio authenticates its API routes. It may
 * be async, take a response, and answer an id, claims, a user, or `{ error }`. Whoever it does not
 * know is refused, and so is whoever it answers itself: nobody gets in as a stranger.
 *
 * @example
 * attachToNext(manager, { getUser: authenticatedBy(apiAuthenticate) })
 */
export function authenticatedBy(
  authenticate: Authenticate
): (request: IncomingMessage) => Promise<{ id: string }> {
  return async (request) => {
    const response = new StandIn(request)
    const user = await authenticate(asApiRequest(request) as never, response as never)
    if (response.answered || isNobody(user)) throw unauthenticated()
    return user as { id: string }
  }
}

/** What Next adds to a request before an API route sees it. */
function asApiRequest(request: IncomingMessage): IncomingMessage {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const cookies = Object.fromEntries(
    (request.headers.cookie ?? '').split(';').flatMap((part) => {
      const [name, ...value] = part.split('=')
      return name?.trim() && value.length > 0 ? [[name.trim(), decoded(value.join('='))]] : []
    })
  ) as Record<string, string>
  return Object.assign(request, { query: Object.fromEntries(searchParams), cookies })
}

function decoded(value: string): string {
  const bare = value.trim().replace(/^"(.*)"$/, '$1')
  try {
    return decodeURIComponent(bare)
  } catch {
    return bare
  }
}

/** A handshake has no response yet. Whatever is answered here is a refusal, and goes nowhere. */
class StandIn extends ServerResponse {
  #sent = false

  get answered(): boolean {
    return this.#sent || this.headersSent || this.statusCode >= 400
  }

  override write(): boolean {
    return this.send() !== undefined
  }

  override end(): this {
    return this.send()
  }

  status(code: number): this {
    this.statusCode = code
    return this
  }

  send(): this {
    this.#sent = true
    return this
  }

  json(): this {
    return this.send()
  }

  redirect(): this {
    return this.send()
  }
}
