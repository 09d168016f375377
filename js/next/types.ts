import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { HandleRequest, HandleResponse } from '../../index'

/** What the adapters need of a connection manager. */
export interface RequestManager {
  /** Answers a request; rejects with the signal's reason once it is aborted. */
  handle(
    request: HandleRequest,
    signal?: AbortSignal,
    body?: AsyncIterable<Uint8Array>
  ): Promise<HandleResponse>
  /** Whether an endpoint reads its body while it arrives. Without it, bodies are collected first. */
  takesUpload?(method: string, path: string): boolean
}

/**
 * A manager, or a function that makes it at the first request. With a function, importing a route
 * opens nothing and needs no configuration, which is what `next build` does with every route.
 */
export type ManagerSource = RequestManager | (() => RequestManager)

/** The authenticated user: an object with its id, the id alone, or nothing. */
export type User = { id: string } | string | null | undefined

/** The part of a request that is read. `NextApiRequest` and `IncomingMessage` have it. */
export interface ApiRequest {
  method?: string | undefined
  url?: string | undefined
  headers: IncomingHttpHeaders
  /** Set where a body parser has run. */
  body?: unknown
  socket?: { remoteAddress?: string | undefined } | null | undefined
}

/** The part of a response that is written. `NextApiResponse` and `ServerResponse` have it. */
export interface ApiResponse {
  statusCode: number
  readonly headersSent?: boolean
  readonly destroyed?: boolean
  setHeader(name: string, value: string): unknown
  /** Where there is none, a streamed answer is collected and sent whole. */
  write?(chunk: Buffer): boolean
  flushHeaders?(): void
  destroy?(): unknown
  once?(event: 'drain' | 'close', listener: () => void): unknown
  off?(event: 'drain' | 'close', listener: () => void): unknown
  end(chunk?: Buffer | string): unknown
  on?(event: 'close', listener: () => void): unknown
}

/** What both adapters can be told. */
export interface HandlerOptions {
  /**
   * Largest request body in bytes, 64 MiB unless given. A larger one is answered with `413` and not
   * read to its end.
   */
  maxBodyBytes?: number
  /** What comes before `/api/platform` in the path, as `basePath` in `next.config.js`. */
  basePath?: string
  /**
   * Origins, such as `https://studio.example.com`, whose pages may write and open sockets besides
   * those of the request's own host, as `MULTIDB_ALLOWED_ORIGINS` has them for all handlers. Needed for
   * every name the Studio is reached by, unless `MULTIDB_AUTHORIZATION` is `members` and users log in
   * with a cookie or token, and where a proxy does not pass the `Host` header on. What is no origin is
   * refused when the handler is made.
   */
  allowedOrigins?: string[]
  /** Told of what went wrong in the host's own code (`getUser`), `console.error` unless given. */
  onError?: (error: unknown) => void
}

/** Options of `createApiHandler`. */
export interface ApiHandlerOptions<
  Req extends ApiRequest = ApiRequest,
  Res extends ApiResponse = ApiResponse,
> extends HandlerOptions {
  /**
   * The authenticated user of a request. `claims` is what the host's wrapper passed as the third
   * argument. Unless given, `req.user`: an id, or an object with one as `id`, `userId` or `sub`, also
   * within its `user` or `claims`. Or that argument, if it says that it is a user: by more than an `id`.
   * Two that name different users are refused.
   */
  getUser?: (request: Req, claims: unknown) => User | Promise<User>
  /**
   * Takes the requests that are not for this package, so that the handler can stand in front of a
   * whole server: `fallthrough: nextApp.getRequestHandler()`. There no wrapper has authenticated
   * anyone: `getUser` must do it.
   */
  fallthrough?: (request: Req, response: Res) => unknown
}

/** Options of `attachWebSocket`. */
export interface WebSocketOptions extends Omit<HandlerOptions, 'maxBodyBytes'> {
  /**
   * The authenticated user of a handshake; nobody unless given. No wrapper has authenticated anyone
   * before it. A page's token, sent as the subprotocol `bearer.<token>`, is in
   * `request.headers.authorization`.
   */
  getUser?: (request: IncomingMessage) => User | Promise<User>
}

/** Options of `createWebHandler`. */
export interface WebHandlerOptions extends HandlerOptions {
  /** The authenticated user of a request; nobody unless given. */
  getUser?: (request: Request) => User | Promise<User>
  /** The peer's address, which a `Request` doesn't carry: in Bun `server.requestIP(request)`. */
  getRemoteAddress?: (request: Request) => string | undefined
}
