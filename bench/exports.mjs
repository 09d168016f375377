// Row 9: an export of many documents or keys. Memory must stay flat and the first byte come at once.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAX_MIB = 64
const MAX_FIRST_BYTE_MS = 100

/**
 * @param {object} urls the servers
 * @param {{ records: number }} options
 */
export async function measureExports(urls, { records }) {
  const child = fork(fileURLToPath(new URL('./exports-load.mjs', import.meta.url)), {
    env: { ...process.env, BENCH_SERVERS: JSON.stringify(urls) },
  })
  try {
    const results = []
    for (const what of ['documents', 'keys']) {
      child.send({ what, records })
      const [{ result, error }] = await once(child, 'message')
      if (error) throw new Error(error)
      const reached = result.mib <= MAX_MIB && result.firstByteMs <= MAX_FIRST_BYTE_MS
      results.push({ what, records, ...result, reached })
    }
    return { goal: { mib: MAX_MIB, firstByteMs: MAX_FIRST_BYTE_MS }, results }
  } finally {
    child.disconnect()
  }
}
