// A worker thread that keeps requests in flight until it is ended. CommonJS of the package, as a
// Studio loads it.

import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

const { ConnectionManager } = createRequire(import.meta.url)(workerData.entry)
const manager = new ConnectionManager(workerData.options)

const paths = [
  ['GET', '/redis/default/keys?count=50'],
  ['GET', '/mongodb/default/databases'],
  ['POST', '/postgres/default/query', { query: 'SELECT pg_sleep(0.05)', read_only: true }],
  ['GET', '/bun/default/info'],
]

async function ask(at) {
  const [method, target, body] = paths[at % paths.length]
  const [path, query] = target.split('?')
  const { status } = await manager.handle({
    method,
    path: `/api/platform${path}`,
    query,
    body: body && Buffer.from(JSON.stringify(body)),
  })
  if (at === 0) parentPort.postMessage(status)
  return ask(at + 1)
}

parentPort.postMessage('started')
for (let i = 0; i < 4; i++) void ask(i)
// Typed calls too, batched by the tick.
for (let i = 0; i < 20; i++) void manager.redis('default').get(`none:${i}`)
