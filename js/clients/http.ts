import type { CallOptions } from '../core/binding'
import { Client } from '../core/client'
import type { Input } from '../core/operations'

/** One HTTP service. Made by `manager.http(id)`. */
export class HttpService extends Client {
  /** What the service's `/health` answers, and how fast. */
  health(call?: CallOptions) {
    return this.binding.call('http.health', {}, call)
  }

  /** What the service's `/info` answers; rejects where that is no success. */
  info(call?: CallOptions) {
    return this.binding.call('http.info', {}, call)
  }

  /**
   * Sends a request; the stored key is added on the way. What is no `GET` or `HEAD` is not sent again
   * when its answer is lost: the error says `outcome: 'unknown'`.
   */
  request(request: Input<'http.request'>, call?: CallOptions) {
    return this.binding.call('http.request', request, call)
  }
}
