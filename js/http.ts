import { type Binding, type CallOptions, invoke } from './invoke'

/** A request below the service's base URL. */
export interface ServiceRequest {
  method?: string
  path: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: unknown
}

/** The service's answer. */
export interface ServiceResponse {
  status: number
  headers: Record<string, string>
  body: unknown
}

/** One HTTP service. Made by `manager.http(id)`. */
export class HttpService {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** What the service's `/health` answers. */
  health(call?: CallOptions): Promise<Record<string, unknown>> {
    return invoke(this.#binding, 'http.health', {}, call)
  }

  /** What the service's `/info` answers. */
  info(call?: CallOptions): Promise<Record<string, unknown>> {
    return invoke(this.#binding, 'http.info', {}, call)
  }

  /** Sends a request; the stored key is added on the way. */
  request(request: ServiceRequest, call?: CallOptions): Promise<ServiceResponse> {
    return invoke(this.#binding, 'http.request', request, call)
  }
}
