// One row: a process per contender, that take turns for several rounds.

import { startChild } from './child.mjs'
import { requireEquivalent } from './equivalent.mjs'
import { median } from './measure.mjs'

const OURS = 'studio-multidb'
const figures = ['perSecond', 'p50', 'p99', 'cpu', 'loop', 'rss']

/** @returns medians and spread per contender, ratios to each peer, and whether they are reached */
export async function compare(definition, urls, { rounds, milliseconds }) {
  const { row, inFlight, peers, peerRow = {}, reach } = definition
  const names = [OURS, ...peers]
  const contenders = names.map((name) => startChild('./contender.mjs', urls, name))
  try {
    const rowOf = (name) => peerRow[name] ?? row
    const answers = []
    for (const [i, name] of names.entries()) {
      answers.push(await contenders[i].ask({ row: rowOf(name), check: true }))
    }
    answers.slice(1).forEach((answer, i) => requireEquivalent(row, answers[0], answer, peers[i]))

    const rows = names.map(() => [])
    // The first round warms up: connections are opened, code is compiled.
    for (let round = -1; round < rounds; round++) {
      const order = names.map((_, i) => i)
      if (round % 2) order.reverse()
      for (const i of order) {
        const figures = await contenders[i].ask({ row: rowOf(names[i]), milliseconds, inFlight })
        if (round >= 0) rows[i].push(figures)
      }
    }
    return summarize(definition, names, rows, reach)
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()))
  }
}

function summarize({ id, title }, names, rows, reach) {
  const contenders = names.map((name, i) => ({
    name,
    ...Object.fromEntries(figures.map((f) => [f, median(rows[i].map((round) => round[f]))])),
    spread: [least(rows[i], 'perSecond'), most(rows[i], 'perSecond')],
  }))
  // Both of a pair ran within seconds of each other, so each round has its own ratio.
  const ratios = Object.fromEntries(
    names.slice(1).map((name, i) => {
      const ratio = (f) => median(rows[0].map((ours, n) => ours[f] / rows[i + 1][n][f]))
      return [name, { throughput: ratio('perSecond'), cpu: ratio('cpu'), loop: ratio('loop') }]
    })
  )
  const against = ratios[names[1]]
  const goals = Object.entries(reach).map(([what, goal]) => {
    const ratio = against[what]
    const reached = what === 'throughput' ? ratio >= goal : ratio <= goal
    return { what, goal, ratio, reached }
  })
  return { id, title, contenders, ratios, goals }
}

const least = (rounds, figure) => Math.min(...rounds.map((round) => round[figure]))
const most = (rounds, figure) => Math.max(...rounds.map((round) => round[figure]))
