// Waiting for a condition with a deadline, never for a fixed time.

/** Resolves after `ms`; keeps the process alive meanwhile. */
export const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Asks `condition` until it returns something truthy and returns that.
 *
 * A throw counts as "not yet"; the last one becomes the cause of the error at the deadline.
 *
 * @template T
 * @param {() => Promise<T> | T} condition
 * @param {{ timeoutMs?: number, everyMs?: number, what?: string }} [options]
 * @returns {Promise<T>}
 */
export async function waitFor(condition, { timeoutMs = 10_000, everyMs = 10, what } = {}) {
  const deadline = Date.now() + timeoutMs
  let cause
  for (;;) {
    try {
      const value = await condition()
      if (value) return value
    } catch (error) {
      if (error instanceof NeverError) throw error.cause
      cause = error
    }
    if (Date.now() >= deadline) {
      throw new Error(`${what ?? 'the condition'} did not come true within ${timeoutMs} ms`, {
        cause,
      })
    }
    await delay(everyMs)
  }
}

/** Thrown inside a condition to say that waiting longer is pointless. */
export class NeverError extends Error {
  constructor(cause) {
    super('will never come true', { cause })
  }
}

/** True while a process with this pid exists, also one of another user. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
