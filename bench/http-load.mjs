// Requests at a fixed rate, over connections that are kept. A request's time counts from when it
// was due, so that a server that falls behind can't hide it by being asked less.

import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'

import { answer, servers } from './child.mjs'
import { endpoints } from './endpoints.mjs'
import { quantileOf } from './measure.mjs'

const CONNECTIONS = 32
const GIVE_UP_MS = 3000

answer(({ port, index, milliseconds }) => {
  const { rate, request } = endpoints(servers())[index]
  return load({ port, rate, request, milliseconds })
})

async function load({ port, rate, request, milliseconds }) {
  const free = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(port)))
  const lanes = [...free]
  const due = []
  const latencies = []
  const failures = []
  const total = Math.floor((rate * milliseconds) / 1000)
  let sent = 0
  let done = 0
  const started = performance.now()
  const work = () => {
    while (due.length > 0 && free.length > 0) {
      const [n, at] = due.shift()
      const lane = free.pop()
      lane.ask(request(n)).then((status) => {
        latencies.push(performance.now() - at)
        if (status !== 200) failures.push(status)
        done++
        free.push(lane)
        work()
      })
    }
  }
  while (done < total && performance.now() - started < milliseconds + GIVE_UP_MS) {
    const now = performance.now() - started
    for (; sent < total && (sent * 1000) / rate <= now; sent++) {
      due.push([sent, started + (sent * 1000) / rate])
    }
    work()
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const elapsed = performance.now() - started
  for (const lane of lanes) lane.close()
  latencies.sort((a, b) => a - b)
  return {
    perSecond: (done / elapsed) * 1000,
    p50: quantileOf(latencies, 0.5),
    p99: quantileOf(latencies, 0.99),
    unanswered: total - done,
    failures: [...new Set(failures)],
  }
}

/** One connection with one request in flight; Node's own client would take more than the server. */
async function open(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let answered
  let chunks = []
  let missing = -1
  let status = 0
  socket.on('data', (chunk) => {
    if (missing < 0) {
      chunks.push(chunk)
      const head = Buffer.concat(chunks)
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const text = head.toString('latin1', 0, end)
      status = Number(text.slice(9, 12))
      missing = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0) - (head.length - end - 4)
      chunks = []
    } else {
      missing -= chunk.length
    }
    if (missing > 0) return
    missing = -1
    answered(status)
  })
  return {
    ask({ method, path, body = '' }) {
      const head = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n`
      const type = body && `content-type: application/json\r\ncontent-length: ${body.length}\r\n`
      socket.write(`${head}${type}\r\n${body}`)
      return new Promise((resolve) => (answered = resolve))
    },
    close: () => socket.destroy(),
  }
}
