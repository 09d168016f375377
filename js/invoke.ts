import { Cancellation, NativeManager } from '../index'
import { fromNative } from './errors'

/** Who a typed client acts for, and how. */
export interface CallOptions {
  /** Ends the call: its promise rejects with the signal's reason, its work ends on the server. */
  signal?: AbortSignal
  /** Skips cached answers and metadata. */
  fresh?: boolean
}

/**
 * A target that is not in the registry, for code that holds a connection string itself. It can be
 * passed by the server's own code alone, never by a request.
 */
export interface DirectTarget {
  type: 'redis' | 'mongodb' | 'postgres' | 'bun_api'
  /** The whole target, or give its parts. */
  connection_string?: string
  host?: string
  port?: number
  database_name?: string
  username?: string
  /** Of a Bun API, its key. */
  password?: string
  /** TLS and the like, as a registered connection has them. */
  options?: Record<string, unknown>
}

/** What a typed client is bound to. */
export interface Binding {
  native: NativeManager
  /** `scope`, `connection_id` and `identifier`, as in an API path. */
  selector: Record<string, unknown>
  user: string | undefined
  direct: DirectTarget | undefined
}

/** Runs one operation and resolves with the `data` of its answer. */
export async function invoke<T>(
  binding: Binding,
  operation: string,
  input: object,
  { signal, fresh }: CallOptions = {}
): Promise<T> {
  const text = JSON.stringify({ ...input, ...binding.selector })
  const direct = binding.direct && JSON.stringify(binding.direct)
  const answer = await abortable(signal, (cancellation) =>
    binding.native.call(operation, text, binding.user, fresh, direct, cancellation)
  )
  return (JSON.parse(answer) as { data: T }).data
}

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
