// The addon, its loader, and the JavaScript around it.

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { packageBin, root } from './command.mjs'
import { unlessFresh } from './stamps.mjs'

const addonSources = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'src', 'migrations', 'package.json']

/**
 * Builds the addon with cargo's development profile, and generates `index.js` and `index.d.ts`.
 * @param {string[]} features of the crate, as arguments
 */
export async function buildAddon(features = []) {
  await packageBin('@napi-rs/cli', 'napi', [
    'build',
    '--platform',
    ...features,
    ...['--js', 'index.js'],
    ...['--dts', 'index.d.ts'],
  ])
}

/** Compiles `js/` to `dist/`, without what is left of files that are gone. */
export async function compileTypeScript() {
  await rm(join(root, 'dist'), { recursive: true, force: true })
  await packageBin('typescript', 'tsc', ['-p', '.'])
}

/** Both, as far as their sources changed. */
export async function buildPackage() {
  const [addon = 'no addon yet'] = await builtAddons()
  const outputs = ['index.js', 'index.d.ts', addon]
  const platform = `${process.platform} ${process.arch}`
  await unlessFresh('addon', { inputs: addonSources, outputs, also: platform }, async () => {
    process.stderr.write('Building the addon; the first time takes some minutes\n')
    await buildAddon()
  })
  const inputs = ['js', 'index.d.ts', 'tsconfig.json', 'package-lock.json']
  await unlessFresh('typescript', { inputs, outputs: ['dist/index.js'] }, async () => {
    process.stderr.write('Compiling TypeScript\n')
    await compileTypeScript()
  })
}

/** The file names of the addons that are there. */
export async function builtAddons() {
  return (await readdir(root)).filter((name) => name.endsWith('.node'))
}
