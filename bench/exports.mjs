// Row 9: an export of many documents or keys. Memory must stay flat and the first byte come at once.

import { startChild } from './child.mjs'
const MAX_MIB = 64
const MAX_FIRST_BYTE_MS = 100

/**
 * @param {object} urls the servers
 * @param {{ records: number }} options
 */
export async function measureExports(urls, { records }) {
  const child = startChild('./exports-load.mjs', urls)
  try {
    const results = []
    for (const what of ['documents', 'keys']) {
      const result = await child.ask({ what, records })
      const reached = result.mib <= MAX_MIB && result.firstByteMs <= MAX_FIRST_BYTE_MS
      results.push({ what, records, ...result, reached })
    }
    return { goal: { mib: MAX_MIB, firstByteMs: MAX_FIRST_BYTE_MS }, results }
  } finally {
    await child.close()
  }
}
