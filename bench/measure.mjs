// Runs one piece of work for a while with a fixed number of calls in flight, and says what it cost.

import { performance } from 'node:perf_hooks'

/**
 * @param {() => Promise<unknown>} work
 * @param {{ inFlight: number, milliseconds: number }} options
 */
export async function measure(work, { inFlight, milliseconds }) {
  const latencies = []
  const end = performance.now() + milliseconds
  const cpuBefore = process.cpuUsage()
  const loopBefore = performance.eventLoopUtilization()
  const started = performance.now()
  const lane = async () => {
    while (performance.now() < end) {
      const before = performance.now()
      await work()
      latencies.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  const elapsed = performance.now() - started
  const cpu = process.cpuUsage(cpuBefore)
  const loop = performance.eventLoopUtilization(loopBefore)
  latencies.sort((a, b) => a - b)
  const ops = latencies.length
  return {
    ops,
    perSecond: (ops / elapsed) * 1000,
    p50: quantileOf(latencies, 0.5),
    p99: quantileOf(latencies, 0.99),
    // Microseconds of all threads of the process, per operation.
    cpu: (cpu.user + cpu.system) / ops,
    // Microseconds that the JavaScript thread was busy, per operation.
    loop: (loop.active * 1000) / ops,
    rss: process.memoryUsage.rss() / 2 ** 20,
  }
}

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** @param {number[]} sorted @param {number} share between 0 and 1 */
export function quantileOf(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
