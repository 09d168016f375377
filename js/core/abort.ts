import { Cancellation } from '../../index'
import { fromNative } from './errors'

/** Runs a native call that an `AbortSignal` may end; failures become this package's errors. */
export async function abortable<T>(
  signal: AbortSignal | undefined,
  start: (cancellation?: Cancellation) => Promise<T>
): Promise<T> {
  try {
    if (!signal) return await start()
    signal.throwIfAborted()
    const cancellation = new Cancellation()
    return await new Promise<T>((resolve, reject) => {
      const onAbort = () => {
        cancellation.cancel()
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      start(cancellation)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', onAbort))
    })
  } catch (error) {
    throw fromNative(error)
  }
}
