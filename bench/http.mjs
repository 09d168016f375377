// Row 8: the server and the load in a process each.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { endpoints } from './endpoints.mjs'

const start = (name, urls) =>
  fork(fileURLToPath(new URL(name, import.meta.url)), {
    env: { ...process.env, BENCH_SERVERS: JSON.stringify(urls) },
  })

/** @returns one result per endpoint */
export async function measureEndpoints(urls, { milliseconds }) {
  const server = start('./http-server.mjs', urls)
  const load = start('./http-load.mjs', urls)
  try {
    const [{ result: port }] = await once(server, 'message')
    const ask = async (index, milliseconds) => {
      load.send({ port, index, milliseconds })
      const [{ result, error }] = await once(load, 'message')
      if (error) throw new Error(error)
      return result
    }
    // Whoever is first must not pay for code that is not compiled yet.
    await ask(0, milliseconds)
    const results = []
    for (const [index, { title, rate, p99 }] of endpoints(urls).entries()) {
      await ask(index, milliseconds / 4)
      const result = await ask(index, milliseconds)
      const kept = result.perSecond >= rate * 0.98 && result.unanswered === 0
      const reached = kept && result.p99 < p99 && result.failures.length === 0
      results.push({ title, goal: { rate, p99 }, ...result, reached })
    }
    return results
  } finally {
    load.disconnect()
    server.disconnect()
  }
}
