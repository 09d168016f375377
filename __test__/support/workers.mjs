// Loads the package in many worker threads and ends each while its requests are in flight. Arguments:
// the package's entry, its options as JSON, how many threads, how many at once. Prints a report.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const [entry, options, count, width] = process.argv.slice(2)
const report = { ended: 0, answered: 0, errors: [] }
let left = Number(count)

async function run() {
  while (left-- > 0) {
    const workerData = { entry, options: JSON.parse(options) }
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData })
    worker.on('error', (error) => report.errors.push(String(error)))
    const answered = new Promise((resolve) => {
      worker.on('message', (message) => typeof message === 'number' && resolve(report.answered++))
    })
    await once(worker, 'message')
    // Some are ended before their first answer, some after it.
    if (left % 4 === 0) await answered
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 30))
    await worker.terminate()
    report.ended++
  }
}

await Promise.all(Array.from({ length: Number(width) }, run))
console.log(JSON.stringify(report))
