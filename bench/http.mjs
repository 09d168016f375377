// Row 8: the server and the load in a process each.

import { startChild } from './child.mjs'
import { endpoints } from './endpoints.mjs'

/** @returns one result per endpoint */
export async function measureEndpoints(urls, { milliseconds }) {
  const server = startChild('./http-server.mjs', urls)
  const load = startChild('./http-load.mjs', urls)
  try {
    const port = await server.ask('listen')
    const ask = (index, milliseconds) => load.ask({ port, index, milliseconds })
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
    await Promise.all([load.close(), server.close()])
  }
}
