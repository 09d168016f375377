/** What is waited for. Mocks and shims of `res` have parts of it. */
interface Emitter<Event> {
  readonly destroyed?: boolean
  once?(event: Event, listener: () => void): unknown
  off?(event: Event, listener: () => void): unknown
}

/** Waits for the first of some events, or until the signal is aborted. */
export function happened<Event>(
  emitter: Emitter<Event>,
  events: Event[],
  signal?: AbortSignal
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of events) emitter.off?.(event, done)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    for (const event of events) emitter.once?.(event, done)
    signal?.addEventListener('abort', done)
    if (emitter.destroyed) done()
  })
}
