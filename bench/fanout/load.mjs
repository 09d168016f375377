// The clients of row 12: subscribers that count what comes, a publisher at a fixed rate, and someone
// who asks for something else meanwhile.

import { Agent, get } from 'node:http'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

import Redis from 'ioredis'

import { answer, servers } from '../child.mjs'
import { quantileOf } from '../measure.mjs'
import { subscribe } from './subscriber.mjs'

const OTHERS_PER_SECOND = 200
const GIVE_UP_MS = 3000
const PADDING = 'x'.repeat(64)
/** One message in so many has its latency measured; all are counted. */
const SAMPLE = 10
const M = 'm'.charCodeAt(0)
const TYPE_AT = '{"type":"'.length
const publisher = new Redis(servers().redis)
const agent = new Agent({ keepAlive: true })

let clients
let delivered = 0
/** Messages that a server said it had to drop. */
let told = 0
const latencies = []

async function open({ open: count, port, subscribe: path, other }) {
  const opening = Array.from({ length: count }, () => subscribe({ port, path }, taken))
  await Promise.all(opening)
  clients = { count, other: { port, host: '127.0.0.1', path: other, agent } }
  await subscribed()
}

function taken(bytes, from, to) {
  if (bytes[from + TYPE_AT] !== M) {
    const { type, dropped } = JSON.parse(bytes.toString('latin1', from, to))
    if (type === 'gap') told += dropped
  } else if (delivered++ % SAMPLE === 0) {
    const { data } = JSON.parse(bytes.toString('latin1', from, to))
    latencies.push(performance.now() - Number(data.split(' ', 1)[0]))
  }
}

/** Until a message reaches every socket: not all tell that they subscribed. */
async function subscribed() {
  do {
    delivered = 0
    await publish()
    await sleep(100)
  } while (delivered < clients.count)
}

const publish = () => publisher.publish('news', `${performance.now()} ${PADDING}`)

/** Calls `work` so many times a second; a turn that is late is made up for. */
async function pace(perSecond, milliseconds, work) {
  const started = performance.now()
  const total = Math.floor((perSecond * milliseconds) / 1000)
  for (let n = 0; n < total;) {
    const now = performance.now() - started
    for (; n < total && (n * 1000) / perSecond <= now; n++) work(started + (n * 1000) / perSecond)
    await sleep(1)
  }
  return total
}

/** A server may close an idle connection in the moment that it is used again: that is asked again. */
async function answered(request) {
  try {
    const [response] = await once(request, 'response')
    return response
  } catch (error) {
    if (!request.reusedSocket || error.code !== 'ECONNRESET') throw error
    return answered(get(clients.other))
  }
}

async function ask(due, taken) {
  const response = await answered(get(clients.other))
  if (response.statusCode !== 200) throw new Error(`GET answered ${response.statusCode}`)
  response.resume()
  await once(response, 'end')
  taken.push(performance.now() - due)
}

async function run({ perSecond, milliseconds }) {
  delivered = told = latencies.length = 0
  const others = []
  const asked = []
  const started = performance.now()
  const [published] = await Promise.all([
    perSecond === 0 ? sleep(milliseconds, 0) : pace(perSecond, milliseconds, publish),
    pace(OTHERS_PER_SECOND, milliseconds, (due) => asked.push(ask(due, others))),
  ])
  const expected = published * clients.count
  const until = performance.now() + GIVE_UP_MS
  while (delivered + told < expected && performance.now() < until) await sleep(5)
  const seconds = (performance.now() - started) / 1000
  await Promise.all(asked)
  latencies.sort((a, b) => a - b)
  others.sort((a, b) => a - b)
  return {
    delivered,
    deliveredPerSecond: delivered / seconds,
    told,
    lost: expected - delivered - told,
    p50: quantileOf(latencies, 0.5),
    p99: quantileOf(latencies, 0.99),
    other: quantileOf(others, 0.99),
  }
}

answer((work) => (work.open ? open(work) : run(work)))
