// MongoDB servers that restart, hang or are slow.

import { startMongo } from '../../scripts/servers/index.mjs'
import { eventuallyReads, expectOk, failure, mongodb, sharedBench } from './bench'

const bench = sharedBench()
let server: Awaited<ReturnType<typeof startMongo>>
let id: string

beforeAll(async () => {
  server = bench.keep(await startMongo())
  id = await bench.register('mongodb', server.url)
  expectOk(await mongodb.write(bench.patient, id, 'before'))
}, 60_000)

it.each(['SIGTERM', 'SIGKILL'] as const)(
  'is used again after %s and a start',
  async (signal) => {
    await server.restart({ signal })
    await eventuallyReads(bench.patient, mongodb, id)
    expectOk(await mongodb.write(bench.patient, id, `after-${signal}`))
  },
  60_000
)

it('that hangs is given up on by the deadline, and used when it goes on', async () => {
  await eventuallyReads(bench, mongodb, id)
  await server.signal('SIGSTOP')
  const failed = failure(await mongodb.write(bench, id, 'hung'))
  expect(failed.code).toBe('DB_TIMEOUT')
  expect(failed.outcome).not.toBe('applied')
  await server.signal('SIGCONT')
  await eventuallyReads(bench, mongodb, id)
  expectOk(await mongodb.write(bench.patient, id, 'after-hanging'))
}, 60_000)
