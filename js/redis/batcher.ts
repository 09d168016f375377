import type { Binding } from '../invoke'
import { type Failure, fromFailure, fromNative } from '../errors'

type Command = [name: string, ...args: unknown[]]
type Answer = { ok: unknown } | { error: Failure }

interface Waiting {
  command: Command
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

/** More than this in one tick is sent in several pipelines. */
const MAX_BATCH = 1000

/**
 * Collects the single-key commands of one tick and sends them in one crossing, as one pipeline.
 * Each command has its own result; one that fails does not fail the others.
 */
export class Batcher {
  #waiting: Waiting[] = []
  readonly #binding: Binding

  constructor(binding: Binding) {
    this.#binding = binding
  }

  send<T>(...command: Command): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush())
      this.#waiting.push({ command, resolve: resolve as (value: unknown) => void, reject })
      if (this.#waiting.length === MAX_BATCH) this.#flush()
    })
  }

  #flush(): void {
    const batch = this.#waiting
    if (batch.length === 0) return
    this.#waiting = []
    const { native, selector, user, direct } = this.#binding
    const input = JSON.stringify({ ...selector, commands: batch.map(({ command }) => command) })
    native.call('redis.batch', input, user, false, direct && JSON.stringify(direct)).then(
      (text) => {
        const { data } = JSON.parse(text) as { data: Answer[] }
        batch.forEach(({ resolve, reject }, i) => {
          const answer = data[i]
          if (answer && 'ok' in answer) resolve(answer.ok)
          else reject(answer ? fromFailure(answer.error) : new Error('the batch was cut short'))
        })
      },
      (error: unknown) => {
        const failure = fromNative(error)
        for (const { reject } of batch) reject(failure)
      }
    )
  }
}
