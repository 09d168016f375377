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
  const load = `require(${JSON.stringify(join(root, 'dist', 'index.js'))})`
  const times = { bare: [], loaded: [], inside: [] }
  for (let n = 0; n < PROCESSES; n++) {
    times.bare.push(run('0').wall)
    const { wall, inside } = run(load)
    times.loaded.push(wall)
    times.inside.push(inside)
  }
  const ms = median(times.loaded) - median(times.bare)
  const mib = (await stat(addon)).size / 2 ** 20
  const require = median(times.inside)
  return {
    ms,
    require,
    mib,
    goal: { ms: MAX_MS, mib: MAX_MIB },
    reached: ms <= MAX_MS && mib <= MAX_MIB,
  }
}

/** Milliseconds of a fresh process, and of the expression in it. */
function run(expression) {
  const program = `const s = performance.now(); ${expression}; console.log(performance.now() - s)`
  const started = performance.now()
  const output = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })
  return { wall: performance.now() - started, inside: Number(output) }
}
