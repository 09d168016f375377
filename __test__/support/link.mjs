// One client connection through the proxy and the connection to the server behind it.

import { connect } from 'node:net'
import { TLSSocket } from 'node:tls'

import { Queue } from './queue.mjs'

/** How long a server gets to finish what it was sent, before the client is cut off anyway. */
const EXECUTION_MS = 5_000

export class Link {
  #proxy
  #raw
  #client
  #server = null
  /** Bytes and endings wait here in order, one queue for each direction. */
  #toServer
  #toClient
  /** Nothing is passed on any more, in either direction, and nothing is closed. */
  #silent = false
  /** The client will be cut off when the server has done its work. */
  #cutting = false
  #replyBytes = 0
  #picker = null
  #isPicked = null

  /**
   * @param {import('node:net').Socket} raw
   * @param {{ target: { host: string, port: number }, secureContext?: object,
   *   fault: () => import('./proxy.mjs').ArmedFault | null, seen: (chunk: Buffer) => void,
   *   fired: () => void }} proxy
   */
  constructor(raw, proxy) {
    this.#proxy = proxy
    this.#raw = raw
    raw.setNoDelay(true)
    // What goes wrong on a socket is also told by its close.
    raw.on('error', () => {})
    // A connection that nobody uses any more must not keep a test's process alive.
    raw.unref()
    this.applyFault()
    if (raw.destroyed) return
    this.#client = proxy.secureContext ? this.#terminateTls(raw) : raw
    this.#open()
  }

  #terminateTls(raw) {
    const { secureContext } = this.#proxy
    const socket = new TLSSocket(raw, { isServer: true, secureContext, allowHalfOpen: true })
    socket.on('error', () => raw.destroy())
    return socket
  }

  /** Brings a fault into effect that is about connections, not about bytes. */
  applyFault() {
    const kind = this.#proxy.fault()?.kind
    if (kind === 'blackhole' || kind === 'half-open') this.#silent = true
    if (kind === 'refuse' || (kind === 'reset' && this.#proxy.fault().at !== 'request')) {
      this.reset()
    }
  }

  #open() {
    const client = this.#client
    client.on('data', (chunk) => this.#onRequest(chunk))
    client.on('end', () => this.#onClientEnd())
    this.#raw.on('close', (hadError) => this.#closeServer(hadError))
    if (this.#silent) return

    const server = connect({ ...this.#proxy.target, allowHalfOpen: true, noDelay: true })
    server.unref()
    this.#server = server
    this.#toServer = new Queue(client, server, this.#proxy)
    this.#toClient = new Queue(server, client, this.#proxy)
    server.on('error', () => {})
    server.on('data', (chunk) => this.#onReply(chunk))
    server.on('end', () => this.#onServerEnd())
    server.on('close', (hadError) => this.#onServerClose(hadError))
  }

  #onRequest(chunk) {
    this.#proxy.seen(chunk)
    if (this.#silent || this.#cutting || !this.#server) return
    const fault = this.#proxy.fault()
    if (fault?.kind === 'reset') return this.#fire(() => this.reset())
    if (fault?.picker && this.#picks(fault.picker, chunk)) {
      if (fault.kind === 'cut-before-execution') return this.#fire(() => this.#cut(fault))
      if (fault.kind === 'cut-after-execution') this.#cutting = fault
    }
    this.#toServer.push(chunk)
  }

  #picks(picker, chunk) {
    if (this.#picker !== picker) {
      this.#picker = picker
      this.#isPicked = picker.reader()
    }
    return this.#isPicked(chunk)
  }

  #onReply(chunk) {
    if (this.#silent) return
    if (this.#cutting) {
      // The first answer may belong to an earlier request. A server that is told that no more
      // will come works off all it was sent and then closes, and that is waited for.
      if (this.#server.writable) {
        this.#server.end()
        const timer = setTimeout(() => this.#server.destroy(), EXECUTION_MS)
        this.#server.on('close', () => clearTimeout(timer))
      }
      return
    }
    const fault = this.#proxy.fault()
    this.#replyBytes += chunk.length
    if (fault?.kind === 'cut-reply' && this.#replyBytes > fault.bytes) {
      const over = this.#replyBytes - fault.bytes
      this.#silent = true
      this.#toClient.push(chunk.subarray(0, Math.max(0, chunk.length - over)))
      return this.#fire(() => this.#toClient.then(() => this.#cut(fault)))
    }
    if (fault?.kind === 'garbage') {
      return this.#fire(() => this.#toClient.push(fault.bytes ?? fault.random(chunk.length)))
    }
    this.#toClient.push(chunk)
  }

  #fire(effect) {
    this.#proxy.fired()
    effect()
  }

  #onClientEnd() {
    if (this.#silent || !this.#server) return this.#raw.destroy()
    this.#toServer.then(() => this.#server.end())
  }

  #onServerEnd() {
    if (!this.#silent && !this.#cutting) this.#toClient.then(() => this.#client.end())
  }

  #onServerClose(hadError) {
    if (this.#cutting) return this.#fire(() => this.#cut(this.#cutting))
    if (this.#silent) return
    if (hadError) this.reset()
    else this.#toClient.then(() => this.#client.end())
  }

  #closeServer(hadError) {
    this.#client.destroy()
    if (hadError) this.#server?.destroy()
    // A client that went away in good order may still have bytes on the way to the server.
    else this.#toServer?.then(() => this.#server.destroy())
  }

  /** Ends the client's connection as a fault says: a reset, or else an ordinary end. */
  #cut(fault) {
    if (fault.reset) return this.reset()
    this.#silent = true
    // Without TLS's own farewell, which a cut connection doesn't have either.
    this.#raw.destroySoon()
    this.#server?.destroy()
  }

  /** Closes the client's connection with a TCP reset. */
  reset() {
    this.#silent = true
    // A reset while an end of stream is being sent fails inside Node, and the socket that is left
    // over keeps the process from ever exiting.
    if ([this.#client, this.#raw].some(isEnding)) this.#raw.destroy()
    else this.#raw.resetAndDestroy()
    this.#server?.destroy()
  }
}

const isEnding = (socket) => socket?.writableEnded && !socket.writableFinished
