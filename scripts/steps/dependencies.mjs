// `npm ci`, when what is installed is older than what is locked.

import { stat } from 'node:fs/promises'
import { join, relative } from 'node:path'

import { npm, root } from './command.mjs'

/**
 * @param {string} [folder] with a `package-lock.json`
 * @returns {Promise<boolean>} whether something was installed
 */
export async function ensureDependencies(folder = root) {
  const installed = await modified(join(folder, 'node_modules', '.package-lock.json'))
  const locked = await modified(join(folder, 'package-lock.json'))
  if (installed !== null && installed >= locked) return false
  const name = relative(root, folder) || 'the project'
  process.stderr.write(`Installing the dependencies of ${name}\n`)
  // Scripts of dependencies are not run anywhere: nothing here needs one.
  const write = (chunk) => process.stderr.write(chunk)
  await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, write })
  return true
}

/** When a file last changed, in milliseconds, or null where there is none. */
const modified = (path) =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => null
  )
