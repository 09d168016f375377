import { type HandleResponse, type HandleRequest, NativeManager, Upload } from '../index'
import { fromNative } from './errors'
import { HttpService } from './http'
import { type Binding, type CallOptions, type DirectTarget, abortable, invoke } from './invoke'
import { MongoDatabase } from './mongodb/database'
import type { ManagerOptions } from './options'
import { PostgresDatabase } from './postgres'
import { RedisDatabase } from './redis'
import { type ClientOptions, type Selector, isUser, strangeUser, toInput, userIn } from './selector'
import { Databases } from './databases'
import type { PoolStatistics } from './pools'
import { type UploadSource, send } from './stream'

/** How long `shutdown()` lets running requests finish, in milliseconds. */
const SHUTDOWN_TIMEOUT_MS = 10_000

/**
 * The door to everything: answers HTTP requests, and makes typed clients.
 *
 * Managers with the same configuration share one set of connections per process, so it may be made
 * again on every reload of a module.
 */
export class Manager {
  /** @internal */
  readonly native: NativeManager

  /** Reads the configuration from the environment; `options` override it. */
  constructor(options: ManagerOptions = {}) {
    try {
      this.native = new NativeManager(environment(), JSON.stringify(options))
    } catch (error) {
      throw fromNative(error)
    }
  }

  /**
   * Answers an HTTP request. Never rejects, unless the signal is aborted or this is no request: a
   * failure is an answer. `null` is as if it were not given, and a blank user is nobody.
   * `body` stands for the request's body where it is read while it arrives (`takesUpload`).
   */
  handle(
    request: HandleRequest,
    signal?: AbortSignal,
    body?: UploadSource
  ): Promise<HandleResponse> {
    const { user } = request as { user?: unknown }
    if (!isUser(user)) return Promise.reject(strangeUser(user))
    const upload = body === undefined ? undefined : new Upload()
    const answer = abortable(signal, (cancellation) =>
      this.native.handle(given(request), cancellation, upload)
    )
    if (upload) void send(body as UploadSource, upload)
    return answer
  }

  /** Whether an endpoint reads its body while it arrives: imports of any size. */
  takesUpload(method: string, path: string): boolean {
    return this.native.takesUpload(method, path)
  }

  /** A Redis or Valkey connection. */
  redis(selector: Selector, options?: ClientOptions): RedisDatabase {
    return new RedisDatabase(this.#bind(selector, options))
  }

  /** A MongoDB connection. */
  mongodb(selector: Selector, options?: ClientOptions): MongoDatabase {
    return new MongoDatabase(this.#bind(selector, options))
  }

  /** A PostgreSQL connection. */
  postgres(selector: Selector, options?: ClientOptions): PostgresDatabase {
    return new PostgresDatabase(this.#bind(selector, options))
  }

  /** An HTTP service. */
  http(selector: Selector, options?: ClientOptions): HttpService {
    return new HttpService(this.#bind(selector, options))
  }

  /** The registered connections. */
  databases(options?: ClientOptions): Databases {
    return new Databases({ ...this.#bind('', options), selector: {} })
  }

  /**
   * Figures of this process's clients: open connections, those in use, requests that wait. `user` must
   * be an admin where authorization is by members.
   */
  async pools(options?: ClientOptions, call?: CallOptions): Promise<PoolStatistics[]> {
    const binding = { ...this.#bind('', options), selector: {} }
    const { pools } = await invoke<{ pools: Array<Omit<PoolStatistics, 'connection_id'>> }>(
      binding,
      'service.pools',
      {},
      call
    )
    return pools.map((pool) => ({ ...pool, connection_id: pool.key.split(':')[2] ?? '' }))
  }

  /** @internal A binding to a target that is not in the registry. */
  direct(target: DirectTarget): Binding {
    return { native: this.native, selector: {}, user: undefined, direct: target }
  }

  /**
   * Stops intake, and lets running requests finish. Other managers of the same configuration go on:
   * the last of them that is shut down closes the connections.
   */
  shutdown(timeoutMs = SHUTDOWN_TIMEOUT_MS): Promise<void> {
    return this.native.shutdown(timeoutMs)
  }

  #bind(selector: Selector, options: ClientOptions = {}): Binding {
    return {
      native: this.native,
      selector: toInput(selector),
      user: userIn(options),
      direct: undefined,
    }
  }
}

/** A request without the parts that are `null`. */
function given(request: HandleRequest): HandleRequest {
  const parts = Object.values(request)
  if (!parts.includes(null)) return request
  const there = Object.entries(request).filter(([, part]) => part !== null)
  return Object.fromEntries(there) as unknown as HandleRequest
}

/** `process.env` without the names that have no value. */
function environment(): Record<string, string> {
  const set = Object.entries(process.env).filter(([, value]) => value !== undefined)
  return Object.fromEntries(set) as Record<string, string>
}
