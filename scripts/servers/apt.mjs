// Programs of Debian and its kin, unpacked into the cache: nothing is installed, so no root is
// needed. What a program links to and the machine lacks is fetched and unpacked beside it.

import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { cached } from './cache.mjs'
import { onPath, progress, run } from './run.mjs'

/** Folders of the entry that are needed only while it is made. */
const DEBS = 'debs'
const LISTS = 'lists'
const APT_CACHE = 'apt-cache'

/**
 * @param {string} name of the cache entry
 * @param {string[]} packages
 * @param {string} program the path in the package of the program that must run
 * @param {Record<string, string>} libraries the packages of libraries that are not named like theirs
 * @param {{ othersMustRead?: boolean }} [options] another user runs the program
 * @returns {Promise<{ command: string, libraries: string }>}
 */
export async function unpackedDebian(name, packages, program, libraries, options) {
  for (const tool of ['apt-get', 'dpkg-deb']) {
    if (!onPath(tool)) throw new Error(`${tool} is not on PATH`)
  }
  const build = async (target) => {
    progress(`fetching ${packages.join(' ')} from the distribution…`)
    await unpack(target, packages)
    const missing = await missingLibraries(join(target, program), target)
    const needed = missing.map((library) => libraries[library] ?? library)
    if (needed.length > 0) await unpack(target, needed)
    const still = await missingLibraries(join(target, program), target)
    if (still.length > 0) throw new Error(`${program} needs ${still.join(', ')}`)
    for (const done of [DEBS, LISTS, APT_CACHE]) {
      await rm(join(target, done), { recursive: true, force: true })
    }
  }
  const folder = await cached(name, build, options)
  return { command: join(folder, program), libraries: (await libraryFolders(folder)).join(':') }
}

async function unpack(target, packages) {
  const debs = join(target, DEBS)
  await mkdir(debs, { recursive: true })
  try {
    await run('apt-get', ['download', ...packages], { cwd: debs })
  } catch {
    // Package lists are often missing in containers; ours go into the cache entry.
    const state = ['-o', `Dir::State::lists=${join(target, LISTS)}`]
    const own = [...state, '-o', `Dir::Cache=${join(target, APT_CACHE)}`]
    await mkdir(join(target, LISTS, 'partial'), { recursive: true })
    await run('apt-get', [...own, 'update'])
    await run('apt-get', [...own, 'download', ...packages], { cwd: debs })
  }
  for (const deb of await readdir(debs)) await run('dpkg-deb', ['-x', join(debs, deb), target])
}

async function libraryFolders(target) {
  const base = join(target, 'usr', 'lib')
  const names = await readdir(base).catch(() => [])
  return [base, ...names.filter((name) => name.includes('-linux-')).map((name) => join(base, name))]
}

async function missingLibraries(program, target) {
  const path = (await libraryFolders(target)).join(':')
  const listed = await run('ldd', [program], { env: { ...process.env, LD_LIBRARY_PATH: path } })
  return [...listed.matchAll(/^\s*(\S+) => not found$/gm)].map((match) => match[1])
}
