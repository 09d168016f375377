// One direction of a connection: writes to a socket in order, as slowly and in as small pieces as
// the fault asks for.

import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises'

/** Reading stops while more than this waits to be written. */
const LIMIT = 1 << 20

export class Queue {
  #source
  #sink
  #proxy
  #last = Promise.resolve()
  #waiting = 0

  /**
   * @param {import('node:net').Socket} source read more slowly when the sink can't keep up
   * @param {import('node:net').Socket} sink
   * @param {{ fault: () => import('./proxy.mjs').ArmedFault | null }} proxy
   */
  constructor(source, sink, proxy) {
    this.#source = source
    this.#sink = sink
    this.#proxy = proxy
  }

  push(chunk) {
    const arrived = Date.now()
    this.#waiting += chunk.length
    if (this.#waiting > LIMIT) this.#source.pause()
    this.then(async () => {
      await this.#deliver(chunk, arrived)
      this.#waiting -= chunk.length
      if (this.#waiting <= LIMIT) this.#source.resume()
    })
  }

  /** Does something after all that was pushed before. */
  then(action) {
    this.#last = this.#last.then(action).catch(() => {})
  }

  async #deliver(chunk, arrived) {
    const fault = this.#proxy.fault()
    if (fault?.kind === 'latency') {
      const left = arrived + fault.ms - Date.now()
      if (left > 0) await delay(left)
    }
    const size = fault?.kind === 'chunks' ? fault.bytes : chunk.length
    for (let at = 0; at < chunk.length; at += size) {
      await this.#write(chunk.subarray(at, at + size))
      if (size < chunk.length) await immediate()
    }
  }

  /** Resolves when the bytes have left, or can't any more. */
  #write(bytes) {
    return new Promise((resolve) => {
      if (this.#sink.destroyed || this.#sink.writableEnded) return resolve()
      this.#sink.write(bytes, () => resolve())
    })
  }
}
