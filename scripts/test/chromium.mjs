// A browser for the test of the page: one that is here, or, on Linux, one fetched from npm.

import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { onPath } from '../servers/run.mjs'
import { command, npm, root } from '../steps/command.mjs'

const PACKAGE = '@sparticuz/chromium@147'
const folder = join(root, '.cache', 'chromium')

/** `CHROMIUM_BIN`, or one on `PATH`, or null. */
export const installedChromium = () =>
  process.env.CHROMIUM_BIN ||
  onPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')

/** @returns {Promise<string | undefined>} without one, the test says so and is skipped */
export const findChromium = async () =>
  installedChromium() ?? (await fetchChromium().catch(() => undefined))

async function fetchChromium() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const found = await readFile(join(folder, 'path'), 'utf8').catch(() => '')
  if (existsSync(found)) return found
  process.stderr.write('Fetching Chromium\n')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', PACKAGE]
  await npm(args, { cwd: folder, quiet: true })
  const program = `import('@sparticuz/chromium').then(async ({ default: chromium }) =>
    process.stdout.write(await chromium.executablePath()))`
  // It unpacks into the temporary folder; this one is our own.
  const options = { cwd: folder, env: { TMPDIR: folder }, quiet: true }
  const path = (await command(process.execPath, ['-e', program], options)).trim()
  await writeFile(join(folder, 'path'), path)
  return path
}
