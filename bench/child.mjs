// Work in a process of its own, so that its CPU time, memory and event loop are its alone.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)

/**
 * Starts a program of this folder that calls {@link answer}.
 * @param {string} program
 * @param {object} urls the servers
 * @param {string[]} args
 */
export function startChild(program, urls, ...args) {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), args, {
    env: { ...process.env, BENCH_SERVERS: JSON.stringify(urls) },
  })
  const exit = once(child, 'exit')
  const ended = exit.then(([code]) => {
    throw new Error(`${[program, ...args].join(' ')} ended with ${code}`)
  })
  ended.catch(() => {})
  return {
    /** Sends work and returns its result. */
    async ask(work) {
      const answered = once(child, 'message')
      child.send(work)
      const [{ result, error }] = await Promise.race([answered, ended])
      if (error) throw new Error(`${[program, ...args].join(' ')}: ${error}`)
      return result
    },
    async close() {
      if (child.connected) child.disconnect()
      await exit
    },
  }
}

/** The servers, in a process that was started with {@link startChild}. */
export const servers = () => JSON.parse(process.env.BENCH_SERVERS)

/** Does what the parent asks for until it is done with this process. */
export function answer(run, close = () => {}) {
  process.on('message', async (work) => {
    try {
      process.send({ result: await run(work) })
    } catch (error) {
      process.send({ error: error.stack ?? String(error) })
    }
  })
  process.on('disconnect', async () => {
    await close()
    process.exit(0)
  })
}

/** A manager as the benchmarks use it: nothing logged, nothing refused for coming too often. */
export function newManager({ platform, encryptionKey }, options = {}) {
  const { ConnectionManager } = require('../dist/index.js')
  return new ConnectionManager({
    databaseUrl: platform,
    encryptionKey,
    logLevel: 'off',
    rateLimit: 'off',
    ...options,
  })
}
