// One contender in a process of its own, so that CPU time and event-loop time are its alone.
// The parent sends `{ row, milliseconds, inFlight }`; it answers with figures.

import { measure } from './measure.mjs'

const [name] = process.argv.slice(2)
const { open } = await import(`./contenders/${name}.mjs`)
const contender = await open(JSON.parse(process.env.BENCH_SERVERS))

process.on('message', async ({ row, milliseconds, inFlight, check }) => {
  try {
    const work = contender.rows[row]
    if (check) return process.send({ result: String(await work()) })
    process.send({ result: await measure(work, { inFlight, milliseconds }) })
  } catch (error) {
    process.send({ error: error.stack ?? String(error) })
  }
})
process.on('disconnect', async () => {
  await contender.close()
  process.exit(0)
})
process.send({ ready: true })
