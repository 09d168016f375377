// The addon as it is published, in a folder of its own: the development build stays as it is.

import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { compileTypeScript } from '../scripts/steps/build.mjs'
import { packageBin, root } from '../scripts/steps/command.mjs'

const folder = join(root, 'bench', 'build')

/** As the releases are built, where there is a shell to do it. */
const cargo =
  process.platform === 'win32' ? {} : { CARGO: join(root, 'scripts', 'cargo-cdylib.sh') }

/** Builds with cargo's release profile. @returns {Promise<string>} the addon's path */
export async function buildRelease() {
  await mkdir(folder, { recursive: true })
  const args = ['build', '--platform', '--release', '--output-dir', folder]
  const names = ['--js', 'index.js', '--dts', 'index.d.ts']
  await packageBin('@napi-rs/cli', 'napi', [...args, ...names], { env: cargo })
  // The loader and the types come of the same sources as the addon.
  for (const name of ['index.js', 'index.d.ts']) {
    await copyFile(join(folder, name), join(root, name))
  }
  await compileTypeScript()
  const addon = (await readdir(folder)).find((name) => name.endsWith('.node'))
  if (!addon) throw new Error(`the build left no addon in ${folder}`)
  return join(folder, addon)
}
