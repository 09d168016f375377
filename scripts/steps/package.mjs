// The package as it would be published: a tarball, and the Studio host that installs it.

import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { builtAddons } from './build.mjs'
import { npm, packageBin, root } from './command.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { digestOf, unlessFresh } from './stamps.mjs'

/** What `files` in package.json names, and more that doesn't hurt. */
const packed = [
  'package.json',
  'README.md',
  'index.js',
  'index.d.ts',
  'dist',
  'docs',
  'migrations',
  'studio',
]
const folder = join('.cache', 'package')
const tarball = join(folder, 'studio-multidb.tgz')
const studioFolder = join(root, 'studio')

/** Nothing that the host does needs to be told to anyone, or to be patched from the network. */
export const nextEnv = { NEXT_TELEMETRY_DISABLED: '1', NEXT_IGNORE_INCORRECT_LOCKFILE: '1' }

/** Packs what has been built. @returns {Promise<string>} the tarball's path */
export async function pack() {
  const inputs = [...packed, ...(await builtAddons())]
  await unlessFresh('package', { inputs, outputs: [tarball] }, async () => {
    await mkdir(join(root, folder), { recursive: true })
    const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
    const [{ filename }] = JSON.parse(jsonIn(await npm(args, { quiet: true })))
    await rename(join(root, folder, filename), join(root, tarball))
  })
  return join(root, tarball)
}

/** npm may write warnings around its JSON. */
const jsonIn = (output) => output.slice(output.search(/^\[/m), output.lastIndexOf(']') + 1)

/**
 * Installs the Studio host's dependencies and the tarball, as a copy: a link would not survive
 * Next's bundlers. The tarball is not in the host's lockfile, so a new build needs no new lock.
 */
async function installStudio() {
  const file = await pack()
  const fresh = await ensureDependencies(studioFolder)
  const installed = join('studio', 'node_modules', 'studio-multidb')
  if (fresh) await rm(join(root, installed), { recursive: true, force: true })
  await unlessFresh('studio-install', { inputs: [tarball], outputs: [installed] }, async () => {
    process.stderr.write('Installing the package into the Studio host\n')
    // npm would take an installed copy of the same version for this one.
    await rm(join(root, installed), { recursive: true, force: true })
    const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', file]
    await npm(args, { cwd: studioFolder, quiet: true })
  })
}

/** What a production image of the Studio runs. */
export const standaloneFolder = join(studioFolder, '.next', 'standalone')

/** `next build` of the Studio host; its standalone server gets the files that Next leaves to a CDN. */
export async function buildStudio() {
  await installStudio()
  const also = await digestOf([tarball])
  const outputs = ['studio/.next/BUILD_ID', 'studio/.next/standalone/.next/static']
  await unlessFresh('studio-build', { inputs: ['studio'], outputs, also }, async () => {
    process.stderr.write('Building the Studio host\n')
    await packageBin('next', 'next', ['build'], { cwd: studioFolder, env: nextEnv })
    const [from, to] = [studioFolder, standaloneFolder].map((at) => join(at, '.next', 'static'))
    await cp(from, to, { recursive: true })
  })
}
