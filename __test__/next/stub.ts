// Managers that answer what a test says.

import type { RequestManager } from 'studio-multidb/next'

type HandleRequest = Parameters<RequestManager['handle']>[0]
type HandleResponse = Awaited<ReturnType<RequestManager['handle']>>

/** An answer that is JSON. */
export const json = (value: unknown, status = 200, headers: Record<string, string> = {}) => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: Buffer.from(JSON.stringify(value)),
})

/** A manager that remembers what it was asked. */
export function stubManager(
  answer: (request: HandleRequest) => HandleResponse = () => json({ data: 1 })
) {
  const requests: HandleRequest[] = []
  const manager: RequestManager = {
    handle: async (request) => {
      requests.push(request)
      return answer(request)
    },
  }
  return { manager, requests }
}

/** A manager whose answers never come, until the signal is aborted. */
export function hangingManager() {
  let begin: () => void
  let abort: () => void
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const aborted = new Promise<void>((resolve) => (abort = resolve))
  const manager: RequestManager = {
    handle: (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          abort()
          reject(signal.reason as Error)
        })
        begin()
      }),
  }
  return { manager, begun, aborted }
}

export const quiet = { onError: () => {} }
