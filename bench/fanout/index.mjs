// Row 12: messages of one channel to many sockets, and what other requests feel of it. Against
// servers as one writes them with a JavaScript driver and `ws`.

import { startChild } from '../child.mjs'
import { median } from '../measure.mjs'

const CONTENDERS = ['studio-multidb', 'ioredis', 'node-redis', 'glide']
const SOCKETS = 100
/** Messages published a second: 10,000 a second that arrive, and 10,000 that are published. */
const RATES = [100, 10_000]
/** What a Redis GET through HTTP may take in row 8. */
const MAX_OTHER_MS = 10

const figures = ['deliveredPerSecond', 'p50', 'p99', 'otherIdle', 'other', 'cpu', 'loop', 'rss']
const counts = ['lost', 'told']

/**
 * @param {object} urls the servers
 * @param {{ rounds: number, milliseconds: number }} options
 */
export async function measureFanout(urls, { rounds, milliseconds }) {
  const measured = []
  // The first round warms up whoever comes first, and the Redis server.
  for (let round = -1; round < rounds; round++) {
    for (const name of round % 2 ? CONTENDERS : CONTENDERS.toReversed()) {
      const results = await measureOne(name, urls, milliseconds)
      if (round >= 0) measured.push(...results)
    }
  }
  const loads = RATES.map((rate) => ({
    rate,
    contenders: CONTENDERS.map((name) =>
      summarize(measured.filter((result) => result.rate === rate && result.name === name))
    ),
  }))
  return { sockets: SOCKETS, goal: { other: MAX_OTHER_MS }, loads }
}

function summarize(rounds) {
  const over = (names, fold) =>
    Object.fromEntries(names.map((name) => [name, fold(rounds.map((round) => round[name]))]))
  const result = {
    name: rounds[0].name,
    ...over(figures, median),
    ...over(counts, (values) => values.reduce((sum, value) => sum + value, 0)),
  }
  return { ...result, reached: result.lost === 0 && result.other <= MAX_OTHER_MS }
}

async function measureOne(name, urls, milliseconds) {
  const server = startChild('./fanout/server.mjs', urls, name)
  const load = startChild('./fanout/load.mjs', urls)
  try {
    const { port, subscribe, other } = await server.ask('listen')
    await load.ask({ open: SOCKETS, port, subscribe, other })
    await load.ask({ perSecond: RATES[0], milliseconds: milliseconds / 4 })
    const { other: otherIdle } = await load.ask({ perSecond: 0, milliseconds })
    const results = []
    for (const rate of RATES) {
      const before = await server.ask('usage')
      const taken = await load.ask({ perSecond: rate, milliseconds })
      const { cpu, loop, rss } = await server.ask('usage')
      const each = (total, earlier) => (total - earlier) / taken.delivered
      const cost = { cpu: each(cpu, before.cpu), loop: each(loop, before.loop), rss }
      results.push({ name, rate, ...taken, otherIdle, ...cost })
    }
    return results
  } finally {
    // Clients leave first: a socket that its server cuts is an error to them.
    await load.close()
    await server.close()
  }
}
