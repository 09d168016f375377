// The Studio host, as its production image serves it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { waitFor } from '../servers/wait.mjs'
import { nextEnv, standaloneFolder } from '../steps/package.mjs'

const START_TIMEOUT_MS = 60_000

/**
 * @param {{ port: number, host: string, env: Record<string, string> }} options
 */
export async function startHost({ port, host, env }) {
  const child = spawn(process.execPath, ['server.js'], {
    cwd: standaloneFolder,
    env: { ...process.env, ...nextEnv, ...env, PORT: String(port), HOSTNAME: host },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const exited = once(child, 'exit')
  await waitFor(() => answers(url, child), {
    timeoutMs: START_TIMEOUT_MS,
    what: `${url} answering`,
  })
  return {
    url,
    /** Resolves when it ends by itself. */
    exited,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function answers(url, child) {
  if (child.exitCode !== null) throw new Error(`the Studio host ended with ${child.exitCode}`)
  const response = await fetch(`${url}/api/platform/multidb/health`)
  await response.arrayBuffer()
  return response.ok
}
