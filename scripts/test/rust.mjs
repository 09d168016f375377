// The checks of the core. They build for the host by its name, as the addon's build does, so that
// most dependencies are compiled once for all of them.

import { onPath } from '../servers/run.mjs'
import { command } from '../steps/command.mjs'
import { cargoCounts } from './counts.mjs'
import { checkCrateLists } from './crates.mjs'
import { cargoFailures } from './failures.mjs'

export const checkRustFormat = async () => void (await command('cargo', ['fmt', '--check']))

/** With the bindings, so that everything is looked at in one pass. */
export async function checkRustLints() {
  const target = ['--target', await hostTriple()]
  await command('cargo', ['clippy', '--all-targets', ...target, '--', '-D', 'warnings'])
}

/**
 * Tests the core without the bindings: Node is not needed to build it.
 * @param {Record<string, string>} env the addresses of the servers
 */
export const runRustTests = async (env) =>
  counted('cargo', [...(await testArgs()), '--no-fail-fast', '--', SHOW_OUTPUT], env)

/** Those first, and then the tests that must have their servers for themselves. */
export async function runAllRustTests(env) {
  const runs = [await runRustTests(env)]
  for (const [program, args] of Object.entries(ALONE)) {
    runs.push(await runTestProgram(program, args, env))
  }
  const sum = (key) => runs.reduce((total, counts) => total + counts[key], 0)
  return Object.fromEntries(Object.keys(runs[0]).map((key) => [key, sum(key)]))
}

/** Per program, how to run the tests that no other may run beside. */
export const ALONE = {
  redis: [
    '--ignored',
    'busy::',
    'pubsub::cluster::a_sharded_channel_follows_its_slot_and_its_primary',
    'unrest::',
  ],
  mongodb: ['--ignored', '--test-threads=1', 'failpoints::', 'ledger::'],
}

/** Runs one of the test programs that were built for {@link runRustTests}, on other servers. */
export async function runTestProgram(name, more, env) {
  const args = [...(await testArgs()), '--test', name, '--no-run', '--message-format', 'json']
  const built = (await command('cargo', args, { quiet: true }))
    .split('\n')
    .filter((line) => line.startsWith('{"reason":"compiler-artifact"'))
    .map((line) => JSON.parse(line))
    .find(({ target, executable }) => target.name === name && executable)
  return counted(built.executable, [SHOW_OUTPUT, ...more], env)
}

const testArgs = async () => ['test', '--no-default-features', '--target', await hostTriple()]

/** So that a test that is skipped can say so. */
const SHOW_OUTPUT = '--show-output'

async function counted(program, args, env) {
  try {
    return cargoCounts(await command(program, args, { env }))
  } catch (error) {
    if (!error.output) throw error
    const counts = cargoCounts(error.output)
    throw Object.assign(error, { counts, failures: cargoFailures(error.output) })
  }
}

/** Licences, sources and bans of the crates. Advisories need a database from the network. */
export async function checkCrates() {
  const program = onPath('cargo-deny')
  if (!program) return checkCrateLists()
  await command(program, ['--offline', 'check', 'bans', 'licenses', 'sources'])
}

async function hostTriple() {
  const output = await command('rustc', ['-vV'], { quiet: true })
  return output.match(/^host: (\S+)$/m)[1]
}
