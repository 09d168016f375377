// Row 10: many registered connections, a tenth of them in use. Memory and sockets must stay flat.

import { startChild } from './child.mjs'
import { median } from './measure.mjs'

const REGISTERED = 1000
const LIVE = 100
/** What a process may grow between the second third and the last and still count as flat. */
const FLAT = 1.1

/**
 * @param {object} urls the servers
 * @param {{ minutes: number }} options
 */
export async function measureConnections(urls, { minutes }) {
  const child = startChild('./connections-load.mjs', urls)
  try {
    const work = { registered: REGISTERED, live: LIVE, milliseconds: minutes * 60_000 }
    const result = await child.ask(work)
    return { registered: REGISTERED, live: LIVE, minutes, ...flatness(result) }
  } finally {
    await child.close()
  }
}

/** The first third warms up: pools fill, the allocator finds its size. */
function flatness({ samples, requests }) {
  const third = Math.ceil(samples.length / 3)
  const [, early = [], late = []] = [0, 1, 2].map((n) => samples.slice(n * third, (n + 1) * third))
  const figure = (name) => {
    const [from, to] = [early, late].map((part) => median(part.map((sample) => sample[name])))
    return { from, to, most: Math.max(...samples.map((sample) => sample[name])) }
  }
  const [rss, sockets] = [figure('rss'), figure('sockets')]
  const reached = rss.to <= rss.from * FLAT && sockets.to <= sockets.from * FLAT
  return { requests, rss, sockets, reached }
}
