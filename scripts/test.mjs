// `npm test`: everything that must hold. The last line is `N passed, N failed`, with `, N skipped`
// where something was. `npm test -- Jest 'Redis on 6.2'` runs the steps with these words in their
// names.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { compileTypeScript } from './steps/build.mjs'
import { ensureDependencies } from './steps/dependencies.mjs'
import { buildStudio } from './steps/package.mjs'
import { checkTools } from './steps/tools.mjs'
import { noteAnswersIn, requireDeclaredAnswers } from './test/answers.mjs'
import { findChromium } from './test/chromium.mjs'
import { programRuns, withServers } from './test/kinds.mjs'
import { requireNothingLeft, takeTemporaryFolder } from './test/leavings.mjs'
import * as node from './test/node.mjs'
import { createReport } from './test/report.mjs'
import { findRuntimes } from './test/runtimes.mjs'
import * as rust from './test/rust.mjs'
import { startTestServers } from './test/servers.mjs'

const { step, sideBySide, finish } = createReport(process.argv.slice(2))

/** A step that makes no sense without an earlier one. */
const after =
  (ready, work) =>
  (...args) => {
    if (!ready) throw new Error('not run, because a step before it failed')
    return work(...args)
  }

/** Most test programs wait for a server, or keep one core busy. */
const WIDTH = 2

async function main() {
  checkTools()
  const temporary = takeTemporaryFolder()
  const answers = join(temporary, 'answers')
  await noteAnswersIn(answers)
  const installed = await step('npm dependencies', async () => void (await ensureDependencies()), {
    always: true,
  })
  await step('format: Rust', rust.checkRustFormat)
  await step('format: TypeScript and the rest', after(installed, node.checkFormat))
  await step('the plan of src', node.checkPlan)
  await step('clippy', rust.checkRustLints)
  await step('crates: licences, sources, bans', rust.checkCrates)

  let servers
  const start = async () => {
    servers = await startTestServers()
  }
  const started = await step('test servers', start, { always: true })
  let programs
  const build = () => (programs ??= rust.buildTestPrograms())
  const built = await step('Rust tests: compiling', async () => void (await build()))
  const run = ({ name, program, args = [], env = {}, servers: start = () => [] }) => [
    `Rust tests: ${name}`,
    after(built, async (write) => {
      const file = (await build()).get(program)
      const test = (more) => rust.runTestProgram(file, args, { ...env, ...more }, write)
      return withServers(start(), test)
    }),
  ]
  if (started) await sideBySide(programRuns(servers).map(run), WIDTH)

  const compare = after(installed, node.buildAndCompare)
  await step('addon, with index.js and index.d.ts as committed', compare)
  const compiled = await step('TypeScript', after(installed, compileTypeScript))
  await step('types: tests', after(compiled, node.checkTestTypes))
  await step('Studio host, with the packed package in it', after(compiled, buildStudio))
  const runJest = async () => {
    const [chromium, runtimes] = await Promise.all([findChromium(), findRuntimes()])
    const browser = chromium && { CHROMIUM_BIN: chromium }
    return node.runJest({ ...servers?.env, ...browser, ...runtimes })
  }
  await step('Jest tests', after(compiled, runJest))
  await step('tests of servers and proxy', node.runNodeTests)
  await servers?.stop()
  await step('answers as declared', () => requireDeclaredAnswers(answers))
  await rm(answers, { recursive: true })
  await step('what the tests leave behind', () => requireNothingLeft(temporary), { always: true })
}

await main().catch((error) => step('npm test itself', () => Promise.reject(error)))
process.exitCode = finish() ? 0 : 1
