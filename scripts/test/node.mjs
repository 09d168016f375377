// The checks of the JavaScript side, and the tests of the package through Node.

import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { drawPlan } from '../house/plan.mjs'
import { faultsOf } from '../house/rules.mjs'
import { buildAddon } from '../steps/build.mjs'
import { command, packageBin, root } from '../steps/command.mjs'
import { GENERATED } from '../steps/generate.mjs'
import { jestCounts, nodeCounts, sumOf } from './counts.mjs'
import { jestFailures, nodeFailures } from './failures.mjs'
import { Skip } from './report.mjs'
import { CHECKED } from './rust.mjs'

const generated = ['index.js', 'index.d.ts', ...GENERATED]

/** Builds the addon; what is generated with it must be what is committed. */
export async function buildAndCompare() {
  const committed = await Promise.all(generated.map(readCommitted))
  await buildAddon(CHECKED)
  // A process of its own, which has not loaded an older addon.
  await command(process.execPath, [join(root, 'scripts', 'steps', 'generate.mjs')])
  const now = await Promise.all(generated.map((file) => readFile(join(root, file), 'utf8')))
  const different = generated.filter((_, i) => committed[i] !== now[i])
  if (different.length === 0) return
  throw new Error(`${different.join(' and ')} changed with this build; commit what is there now`)
}

/** As it is in the last commit, or, in a folder that is no checkout, as it lies there. */
async function readCommitted(file) {
  return command('git', ['show', `HEAD:./${file}`], { quiet: true }).catch(() =>
    readFile(join(root, file), 'utf8')
  )
}

export const checkFormat = async () =>
  void (await packageBin('prettier', 'prettier', ['--check', '.']))

export const checkTestTypes = async () =>
  void (await packageBin('typescript', 'tsc', ['-p', '__test__']))

const FAULTS = '/faults/'

/**
 * The tests of faults come last: they know by deadlines what is lost, so what keeps the machine
 * busy is not run beside them.
 * @param {Record<string, string>} env the addresses of the servers
 */
export async function runJest(env) {
  const runs = [await jest(['--testPathIgnorePatterns', FAULTS], env), await jest([FAULTS], env)]
  const counts = sumOf(runs.map((run) => jestCounts(run.results)))
  const problem = runs.find((run) => run.problem)?.problem
  if (!problem) return counts
  const failures = runs.flatMap((run) => jestFailures(run.results, root))
  throw Object.assign(problem, { counts, failures })
}

async function jest(which, env) {
  const file = join(root, '.cache', 'jest.json')
  await rm(file, { force: true })
  const args = [...which, '--ci', '--json', '--outputFile', file]
  const problem = await packageBin('jest', 'jest', args, { env }).then(
    () => undefined,
    (error) => error
  )
  return { problem, results: JSON.parse(await readFile(file, 'utf8')) }
}

/** Holds `src/` to its plan. */
export async function checkPlan() {
  const faults = faultsOf(await drawPlan(join(root, 'src')))
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

/** The tests of the servers and of the fault proxy, which Jest can't load. */
export async function runNodeTests() {
  const files = [...(await testsIn('scripts')), ...(await testsIn('__test__'))]
  if (files.length === 0) throw new Skip('there are none')
  // TAP, which is the default of the oldest versions and the only format they have.
  const hasFormats = process.allowedNodeEnvironmentFlags.has('--test-reporter')
  const args = ['--test', ...(hasFormats ? ['--test-reporter=tap'] : []), ...files]
  try {
    return nodeCounts(await command(process.execPath, args))
  } catch (error) {
    if (!error.output) throw error
    const counts = nodeCounts(error.output)
    throw Object.assign(error, { counts, failures: nodeFailures(error.output) })
  }
}

async function testsIn(folder) {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const found = await Promise.all(
    entries.map((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return testsIn(path)
      return entry.name.endsWith('.test.mjs') ? [path] : []
    })
  )
  return found.flat()
}
