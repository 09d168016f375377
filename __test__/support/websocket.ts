import { once } from 'node:events'
import type { WebSocket } from 'ws'

/** The messages of an open socket, in order, however early they came. */
export class Messages {
  readonly #waiting: unknown[] = []
  #wake = () => {}

  private constructor(readonly socket: WebSocket) {
    socket.on('error', () => {})
    socket.on('message', (data) => {
      this.#waiting.push(JSON.parse(String(data)))
      this.#wake()
    })
    socket.on('close', () => this.#wake())
  }

  /** Waits until it is open. */
  static async of(socket: WebSocket): Promise<Messages> {
    const messages = new Messages(socket)
    await once(socket, 'open')
    return messages
  }

  /** The next message; rejects when there will be none. */
  async next(): Promise<Record<string, unknown>> {
    while (this.#waiting.length === 0) {
      if (this.socket.readyState === this.socket.CLOSED) throw new Error('the socket is closed')
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return this.#waiting.shift() as Record<string, unknown>
  }

  async take(count: number) {
    const taken = []
    while (taken.length < count) taken.push(await this.next())
    return taken
  }

  say(message: unknown): void {
    this.socket.send(JSON.stringify(message))
  }

  close(code?: number): void {
    this.socket.close(code)
  }

  terminate(): void {
    this.socket.terminate()
  }
}

/** How a socket ends. */
export async function closing({ socket }: Messages): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return { code, reason: String(reason) }
}
