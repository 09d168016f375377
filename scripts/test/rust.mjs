// The checks of the core. They build for the host by its name, as the addon's build does, so that
// most dependencies are compiled once for all of them.

import { onPath } from '../servers/run.mjs'
import { command } from '../steps/command.mjs'
import { cargoCounts } from './counts.mjs'
import { checkCrateLists } from './crates.mjs'

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
