// The result as a table to read and as JSON to compare with.

import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'

const words = { throughput: 'throughput', cpu: 'CPU', loop: 'event loop' }
const mark = (reached) => (reached ? 'yes' : '**no**')
/** What wasn't measured, as nothing was answered, came through JSON as `null`. */
const number = (value) => {
  if (value === null || Number.isNaN(value)) return '–'
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

/** @param {{ rows: object[], http?: object[], exports?: object, connections?: object, startup?: object, fanout?: object, versions: object }} result */
export function toMarkdown({
  rows,
  http,
  exports,
  connections,
  startup,
  fanout,
  versions,
  settings,
}) {
  const programs = Object.entries({ Node: process.version, ...versions })
  const parts = [
    '# Benchmark',
    `${cpus().length} cores, ${process.platform} ${process.arch}, ` +
      programs.map((pair) => pair.join(' ')).join(', ') +
      `; ${settings.rounds} rounds of ${settings.milliseconds} ms per contender, alternating; ` +
      'medians. Ratios are to the first peer, round by round; timings depend on the machine.',
  ]
  if (rows.length > 0) parts.push('## Side by side', comparisons(rows), '## Goals', goals(rows))
  if (http) parts.push('## 8: through HTTP, at a fixed rate', endpoints(http))
  if (exports) parts.push('## 9: exports', manyRecords(exports))
  if (connections) parts.push('## 10: many connections', manyConnections(connections))
  if (startup) parts.push('## 11: loading', loading(startup))
  if (fanout) parts.push('## 12: one channel to many sockets', manySockets(fanout))
  return `${parts.join('\n\n')}\n`
}

function comparisons(rows) {
  const lines = rows.flatMap(({ id, title, contenders, ratios }) =>
    contenders.map((c, i) => {
      const ratio = ratios[c.name]
      return [
        i === 0 ? id : '',
        i === 0 ? title : '',
        c.name,
        `${number(c.perSecond)} (${c.spread.map(number).join('–')})`,
        ...[c.p50, c.p99, c.cpu, c.loop, c.rss].map(number),
        ratio ? `${number(ratio.throughput)}×` : '',
        ratio ? `${number(ratio.cpu)}×` : '',
        ratio ? `${number(ratio.loop)}×` : '',
      ]
    })
  )
  const head = ['#', 'work', 'contender', 'per second (spread)', 'p50 ms', 'p99 ms', 'CPU µs/op']
  head.push('event loop µs/op', 'RSS MiB', 'ours: throughput', 'ours: CPU', 'ours: event loop')
  return table(head, lines)
}

function goals(rows) {
  const lines = rows.flatMap(({ id, title, goals }) =>
    goals.map(({ what, goal, ratio, reached }) => {
      const sign = what === 'throughput' ? '≥' : '≤'
      return [id, title, `${words[what]} ${sign} ${goal}×`, `${number(ratio)}×`, mark(reached)]
    })
  )
  return table(['#', 'work', 'to reach', 'measured', 'reached'], lines)
}

function endpoints(results) {
  const lines = results.map(({ title, goal, perSecond, p50, p99, failures, reached }) => [
    title,
    `${goal.rate}/s < ${goal.p99} ms`,
    `${number(perSecond)}/s`,
    ...[p50, p99].map(number),
    failures.join(' ') || 'none',
    mark(reached),
  ])
  return table(['request', 'to reach', 'rate', 'p50 ms', 'p99 ms', 'failures', 'reached'], lines)
}

function manyRecords({ goal, results }) {
  const lines = results.map(({ what, records, bytes, seconds, mib, firstByteMs, reached }) => [
    `${number(records)} ${what}`,
    `${number(bytes / 2 ** 20)} MiB in ${number(seconds)} s`,
    `${number(mib)} MiB`,
    `${number(firstByteMs)} ms`,
    mark(reached),
  ])
  const limits = `≤ ${goal.mib} MiB, ≤ ${goal.firstByteMs} ms`
  return table(['export', 'taken', 'memory above idle', 'first byte', limits], lines)
}

function manyConnections({ registered, live, minutes, requests, rss, sockets, reached }) {
  const row = (what, { from, to, most }) => [what, ...[from, to, most].map(number), mark(reached)]
  const head = ['', 'second third', 'last third', 'most', 'flat']
  return [
    `${registered} registered, ${live} in use, ${minutes} minutes, ${number(requests)} requests.`,
    table(head, [row('RSS MiB', rss), row('sockets', sockets)]),
  ].join('\n\n')
}

function loading({ ms, mib, goal, reached }) {
  return table(
    ['', 'to reach', 'measured', 'reached'],
    [
      ['`require()` in a fresh process', `≤ ${goal.ms} ms`, `${number(ms)} ms`, mark(reached.ms)],
      ['the addon', `≤ ${goal.mib} MiB`, `${number(mib)} MiB`, mark(reached.mib)],
    ]
  )
}

function manySockets({ sockets, goal, loads }) {
  const lines = loads.flatMap(({ rate, contenders }) =>
    contenders.map((c, i) => [
      i === 0 ? number(rate) : '',
      c.name,
      ...[c.deliveredPerSecond, c.p50, c.p99, c.lost, c.told].map(number),
      ...[c.cpu, c.loop, c.rss, c.otherIdle, c.other].map(number),
      mark(c.reached),
    ])
  )
  const head = ['published/s', 'contender', 'delivered/s', 'p50 ms', 'p99 ms', 'lost']
  head.push('dropped and told', 'CPU µs/message', 'event loop µs/message', 'RSS MiB')
  head.push('other requests idle, p99 ms', 'during, p99 ms')
  head.push(`nothing lost untold, others ≤ ${goal.other} ms`)
  return [`${sockets} sockets with the same channel.`, table(head, lines)].join('\n\n')
}

function table(head, lines) {
  const rows = [head, head.map(() => '---'), ...lines]
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Keeps the result, and returns it as a table. */
export async function keep(folder, result) {
  const text = toMarkdown(result)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'latest.md'), text)
  await writeFile(join(folder, 'latest.json'), `${JSON.stringify(result, null, 2)}\n`)
  return text
}
