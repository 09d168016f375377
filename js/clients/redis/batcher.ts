import type { Binding } from '../../core/binding'
import { DatabaseError, fromFault } from '../../core/errors'
import type { RedisText } from './values'

type Command = [name: string, ...args: RedisText[]]

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
    const commands = batch.map(({ command }) => command)
    this.#binding.call('redis.batch', { commands }).then(
      (answers) => {
        batch.forEach(({ resolve, reject }, i) => {
          const answer = answers[i]
          if (answer && 'ok' in answer) resolve(answer.ok)
          else
            reject(answer ? fromFault(answer.error) : new DatabaseError('the batch was cut short'))
        })
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error)
      }
    )
  }
}
