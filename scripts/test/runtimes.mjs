// Other runtimes that the package is tried under, fetched from npm.

import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { command, npm, root } from '../steps/command.mjs'

/** The npm packages that carry them, by the variable that names the program to the tests. */
const packages = {
  NODE_18_BIN: 'node@18',
  NODE_22_BIN: 'node@22',
  NODE_24_BIN: 'node@24',
  BUN_BIN: 'bun@1',
}

/**
 * The programs, by their variables: those that are set, and what can be fetched.
 * @returns {Promise<Record<string, string>>} without one, its tests say so and are skipped
 */
export async function findRuntimes() {
  const find = async ([variable, name]) => [
    variable,
    process.env[variable] || (await fetchRuntime(name).catch(() => undefined)),
  ]
  const found = await Promise.all(Object.entries(packages).map(find))
  return Object.fromEntries(found.filter(([, program]) => program))
}

async function fetchRuntime(name) {
  // npm looks for another folder where there is an `@` in its name.
  const folder = join(root, '.cache', 'runtimes', name.replace('@', '-'))
  const program = join(folder, 'node_modules', '.bin', name.split('@')[0])
  if (!existsSync(program)) {
    process.stderr.write(`Fetching ${name}\n`)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), '{ "private": true }')
    await npm(['install', '--no-audit', '--no-fund', name], { cwd: folder, quiet: true })
  }
  await command(program, ['--version'], { quiet: true })
  return program
}
