// The checks of the core. They build for the host by its name, as the addon's build does, so that
// most dependencies are compiled once for all of them.

import { onPath } from '../servers/run.mjs'
import { command } from '../steps/command.mjs'
import { cargoCounts } from './counts.mjs'
import { checkCrateLists } from './crates.mjs'
import { cargoFailures } from './failures.mjs'

export const checkRustFormat = async () => void (await command('cargo', ['fmt', '--check']))

/** Every answer is held to what its operation declares. */
export const CHECKED = ['--features', 'checked-answers']

/** With the bindings, so that everything is looked at in one pass. */
export async function checkRustLints() {
  const target = ['--target', await hostTriple()]
  await command('cargo', ['clippy', '--all-targets', ...target, '--', '-D', 'warnings'])
}

/**
 * Builds the test programs of the core, without the bindings: Node is not needed for them.
 * @returns {Promise<Map<string, string>>} their files by name; the library's own is
 *   `studio_multidb`
 */
export async function buildTestPrograms() {
  const target = ['--target', await hostTriple()]
  const args = ['test', '--no-default-features', ...CHECKED, ...target, '--no-run']
  await command('cargo', args)
  const artifacts = (await command('cargo', [...args, '--message-format', 'json'], { quiet: true }))
    .split('\n')
    .filter((line) => line.startsWith('{"reason":"compiler-artifact"'))
    .map((line) => JSON.parse(line))
  const programs = artifacts.filter(({ executable }) => executable)
  return new Map(programs.map(({ target, executable }) => [target.name, executable]))
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

/** So that a test that is skipped can say so. */
const SHOW_OUTPUT = '--show-output'

/**
 * Runs a test program.
 * @param {string} program its file
 * @param {string[]} args
 * @param {Record<string, string>} env the addresses of the servers
 * @param {(chunk: Buffer) => void} write takes what it writes
 */
export async function runTestProgram(program, args, env, write) {
  try {
    return cargoCounts(await command(program, [SHOW_OUTPUT, ...args], { env, write }))
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
