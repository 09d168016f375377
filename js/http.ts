import { type Binding, type CallOptions, invoke } from './invoke'

/** A value of a query parameter. */
type QueryValue = string | number | boolean

/** A request below the service's base URL. */
export interface ServiceRequest {
  /** `GET` unless given. `GET` and `HEAD` need read permission, other methods write. */
  method?: string
  /** Below the base URL, with or without a leading `/`; may carry a query. */
  path: string
  /** More query parameters, not encoded; a list is sent as several of one name. */
  query?: Record<string, QueryValue | QueryValue[] | null>
  /** `Host`, `Authorization`, `Cookie` and those of the connection are refused. */
  headers?: Record<string, string>
  /** Text is sent as it is, `{ $binary: { base64 } }` as bytes, anything else as JSON. */
  body?: unknown
  /** Milliseconds the request may take at most; never more than the installation allows. */
  timeout_ms?: number
}

/** The service's answer, of whatever status. */
export interface ServiceResponse {
  /** Also of a redirect, which is not followed. */
  status: number
  /** By lower-case name; without cookies and what belongs to the connection. */
  headers: Record<string, string>
  /** JSON where it is that; else text, or `{ $binary: { base64 } }`; `null` where there is none. */
  body: unknown
}

/** What a service answered when it was asked for its health. */
export interface ServiceHealth extends ServiceResponse {
  /** The status was a success. */
  healthy: boolean
  /** Milliseconds until the whole answer was there. */
  latency_ms: number
}

/** One HTTP service. Made by `manager.http(id)`. */
export class HttpService {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** What the service's `/health` answers, and how fast. */
  health(call?: CallOptions): Promise<ServiceHealth> {
    return invoke(this.#binding, 'http.health', {}, call)
  }

  /** What the service's `/info` answers; rejects where that is no success. */
  info(call?: CallOptions): Promise<ServiceResponse> {
    return invoke(this.#binding, 'http.info', {}, call)
  }

  /**
   * Sends a request; the stored key is added on the way. What is no `GET` or `HEAD` is not sent again
   * when its answer is lost: the error says `outcome: 'unknown'`.
   */
  request(request: ServiceRequest, call?: CallOptions): Promise<ServiceResponse> {
    return invoke(this.#binding, 'http.request', request, call)
  }
}
