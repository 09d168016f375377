// The checks of the core. They build for the host by its name, as the addon's build does, so that
// dependencies are compiled once for all of them.

import { onPath } from '../servers/run.mjs'
import { command } from '../steps/command.mjs'
import { cargoCounts } from './counts.mjs'
import { checkCrateLists } from './crates.mjs'

/** The core alone; Node is not needed to build or test it. */
const core = ['--no-default-features', '--all-targets']

export const checkRustFormat = async () => void (await command('cargo', ['fmt', '--check']))

export async function checkRustLints() {
  const target = ['--target', await hostTriple()]
  await command('cargo', ['clippy', ...core, ...target, '--', '-D', 'warnings'])
}

/** The bindings too, which the tests don't build. */
export async function checkBindingLints() {
  await command('cargo', ['clippy', '--target', await hostTriple(), '--', '-D', 'warnings'])
}

/** @param {Record<string, string>} env the addresses of the servers */
export async function runRustTests(env) {
  const args = ['test', '--no-default-features', '--no-fail-fast', '--target', await hostTriple()]
  try {
    return cargoCounts(await command('cargo', args, { env }))
  } catch (error) {
    if (error.output) error.counts = cargoCounts(error.output)
    throw error
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
