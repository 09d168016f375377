import { type HandleResponse, type HandleRequest, NativeManager, Upload } from '../index'
import { fromNative } from './core/errors'
import { HttpService } from './clients/http'
import { abortable } from './core/abort'
import { Binding, type CallOptions, type DirectTarget } from './core/binding'
import type { Answer, Answering, Input, Operations } from './core/operations'
import { MongoDatabase } from './clients/mongodb/database'
import type { ManagerOptions } from './core/options'
import { PostgresDatabase } from './clients/postgres'
import { RedisDatabase } from './clients/redis'
import {
  type ClientOptions,
  type Selector,
  isUser,
  strangeUser,
  toInput,
  userIn,
} from './core/selector'
import { Databases } from './clients/databases'
import { type UploadSource, send } from './core/stream'

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
    return new Databases(this.#bind({}, options))
  }

  /**
   * Runs an operation by its name: `manager.call('redis.keys.list', { scope: 'default', pattern: 'user:*' })`.
   * What there is, takes and answers is `Operations`, made from the OpenAPI document.
   */
  call<K extends Answering>(
    operation: K,
    input: Operations[K]['input'],
    options: ClientOptions & CallOptions = {}
  ): Promise<Answer<K>> {
    return this.#bind({}, options).call(operation, input as Input<K>, options)
  }

  /**
   * Figures of this process's clients: open connections, those in use, requests that wait. `user` must
   * be an admin where authorization is by members.
   */
  async pools(
    options?: ClientOptions,
    call?: CallOptions
  ): Promise<Answer<'service.pools'>['pools']> {
    return (await this.#bind({}, options).call('service.pools', {}, call)).pools
  }

  /** @internal A binding to a target that is not in the registry. */
  direct(target: DirectTarget): Binding {
    return new Binding(this.native, {}, undefined, target)
  }

  /**
   * Stops intake, and lets running requests finish. Other managers of the same configuration go on:
   * the last of them that is shut down closes the connections.
   */
  shutdown(timeoutMs = SHUTDOWN_TIMEOUT_MS): Promise<void> {
    return this.native.shutdown(timeoutMs)
  }

  #bind(selector: Selector | object, options: ClientOptions = {}): Binding {
    return new Binding(this.native, toInput(selector), userIn(options))
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
