// An address that doesn't even complete a connection, as a firewall that drops packets does it.

import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'

/** Listens with the shortest queue and then blocks its thread, so that nothing is accepted. */
const listener = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
  })
`
const CONNECT_MS = 250
const QUEUE_AT_MOST = 16

/**
 * Connecting to it neither succeeds nor fails until the client gives up. Linux only: elsewhere a
 * full queue is answered with a refusal.
 *
 * @returns {Promise<{ host: string, port: number, stop: () => Promise<void> }>}
 */
export async function unanswered() {
  const host = '127.0.0.1'
  const worker = new Worker(listener, { eval: true })
  const port = await new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject)
  })
  worker.unref()
  // The kernel completes connections until the queue is full.
  const fillers = []
  while (fillers.length < QUEUE_AT_MOST && (await completes(port, host, fillers)));
  return {
    host,
    port,
    async stop() {
      for (const socket of fillers) socket.destroy()
      await worker.terminate()
    },
  }
}

function completes(port, host, fillers) {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    socket.on('error', () => resolve(false))
    fillers.push(socket)
    const giveUp = () => {
      if (!socket.connecting) return
      socket.destroy()
      resolve(false)
    }
    // After a look at what the kernel has done meanwhile, which comes before immediates.
    const timer = setTimeout(() => setImmediate(giveUp), CONNECT_MS)
    socket.on('connect', () => {
      clearTimeout(timer)
      socket.unref()
      resolve(true)
    })
  })
}
