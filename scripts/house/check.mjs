// `node scripts/house/check.mjs`: says what is wrong with the plan of `src/`.

import { fileURLToPath } from 'node:url'

import { drawPlan } from './plan.mjs'
import { faultsOf } from './rules.mjs'

const faults = faultsOf(await drawPlan(fileURLToPath(new URL('../../src', import.meta.url))))
for (const fault of faults) process.stdout.write(`${fault}\n`)
process.exitCode = faults.length === 0 ? 0 : 1
