// One contender's server of row 12, in a process of its own: a GET of a key, and a WebSocket.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { performance } from 'node:perf_hooks'

import { answer, servers } from '../child.mjs'

const [name] = process.argv.slice(2)
const { serve } = await import(name === 'studio-multidb' ? './studio-multidb.mjs' : './peers.mjs')

answer((what) => (what === 'usage' ? usage() : listen()))

/** Where it serves what. */
async function listen() {
  const server = createServer()
  const paths = await serve(server, servers(), name)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { port: server.address().port, ...paths }
}

/** CPU time and event-loop time so far in microseconds, memory in MiB. */
function usage() {
  const { user, system } = process.cpuUsage()
  const loop = performance.eventLoopUtilization().active * 1000
  return { cpu: user + system, loop, rss: process.memoryUsage.rss() / 2 ** 20 }
}
