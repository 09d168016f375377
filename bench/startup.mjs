// Row 11: what loading the package takes, and how large the addon is.

import { execFileSync } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'

import { root } from '../scripts/steps/command.mjs'
import { median } from './measure.mjs'

const PROCESSES = 20
const MAX_MS = 30
const MAX_MIB = 15

/** @param {string} addon its path */
export async function measureStartup(addon) {
  const ms = median(Array.from({ length: PROCESSES }, timeToLoad))
  const mib = (await stat(addon)).size / 2 ** 20
  const reached = { ms: ms <= MAX_MS, mib: mib <= MAX_MIB }
  return { ms, mib, goal: { ms: MAX_MS, mib: MAX_MIB }, reached }
}

/** Milliseconds that `require()` takes in a fresh process. */
function timeToLoad() {
  const load = `require(${JSON.stringify(join(root, 'dist', 'index.js'))})`
  const program = `const s = performance.now(); ${load}; console.log(performance.now() - s)`
  return Number(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }))
}
