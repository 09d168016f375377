// Where fetched servers are kept, and how two processes fetch the same thing without harm.
//
// An entry is a folder that appears under its final name only when it is complete: it is built
// under a temporary name and renamed, so a half-finished fetch is never mistaken for a whole one.

import { randomBytes } from 'node:crypto'
import { accessSync, constants, lstatSync, mkdirSync, statSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { delay, isAlive } from './wait.mjs'

const projectCache = fileURLToPath(new URL('../../.cache/servers', import.meta.url))
/** Begins the names of unfinished entries; the builder's pid follows. */
const BUILDING = '.building-'
const LOCK_PATIENCE_MS = 10 * 60_000

/** True when a user other than the owner can reach and read `folder`. */
export function readableByOthers(folder) {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const { mode } = statSync(at)
    if ((mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}

/**
 * A folder of our own in the system's temporary folder. Its name can be guessed, so one that
 * belongs to someone else is refused: programs are run from it.
 */
function temporaryCache() {
  const uid = process.getuid?.() ?? 'user'
  for (const base of new Set([tmpdir(), '/tmp'])) {
    const folder = join(base, `studio-multidb-cache-${uid}`)
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 })
      const found = lstatSync(folder)
      if (!found.isDirectory() || (uid !== 'user' && found.uid !== uid)) continue
      return folder
    } catch {
      continue
    }
  }
  return null
}

function isWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/**
 * The folders to look in, best first: the project's own, and a temporary one where that is
 * read-only or out of reach of the user that a server has to run as.
 */
function cacheFolders({ othersMustRead = false } = {}) {
  const preferred = resolve(process.env.STUDIO_MULTIDB_CACHE ?? projectCache)
  const writable = isWritable(preferred)
  if (othersMustRead && !canBeRead(preferred)) return [temporaryCache()].filter(Boolean)
  return writable ? [preferred] : [preferred, temporaryCache()].filter(Boolean)
}

function canBeRead(folder) {
  try {
    return readableByOthers(folder)
  } catch {
    return false
  }
}

/** The folder of a finished entry, or null. */
export async function findCached(name, options) {
  for (const folder of cacheFolders(options)) {
    const entry = join(folder, name)
    if (await exists(entry)) return entry
  }
  return null
}

/**
 * The folder of the entry `name`, built by `build(temporaryFolder)` when it isn't there yet.
 * One process builds at a time; the others wait for it.
 */
export async function cached(name, build, options) {
  const found = await findCached(name, options)
  if (found) return found
  const folder = cacheFolders(options).find(isWritable)
  if (!folder) throw new Error('no folder to keep servers in: set STUDIO_MULTIDB_CACHE to one')
  const entry = join(folder, name)
  const unlock = await lock(`${entry}.lock`)
  try {
    if (await exists(entry)) return entry
    await removeAbandoned(folder)
    const temporary = join(folder, `${BUILDING}${process.pid}-${randomBytes(6).toString('hex')}`)
    await mkdir(temporary)
    await chmod(temporary, 0o755)
    try {
      await build(temporary)
      await rename(temporary, entry)
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
    return entry
  } finally {
    await unlock()
  }
}

/** Removes what processes left that were killed while they built an entry. */
async function removeAbandoned(folder) {
  for (const name of await readdir(folder)) {
    const owner = name.startsWith(BUILDING) && Number.parseInt(name.slice(BUILDING.length), 10)
    if (owner && !isAlive(owner)) await rm(join(folder, name), { recursive: true, force: true })
  }
}

/**
 * A lock file that holds its owner's pid; one whose owner is gone is taken over. Resolves with what
 * ends it.
 */
export async function lock(file) {
  const deadline = Date.now() + LOCK_PATIENCE_MS
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      return () => rm(file, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => ''))
    // An empty file belongs to a process that is just about to write its pid.
    const abandoned = owner ? !isAlive(owner) : await olderThan(file, 5_000)
    if (abandoned) await rm(file, { force: true })
    else if (Date.now() > deadline) throw new Error(`waited too long for the lock ${file}`)
    else await delay(50)
  }
}

async function olderThan(file, ms) {
  const found = await stat(file).catch(() => null)
  return found !== null && Date.now() - found.mtimeMs > ms
}

/** Remembers that something can't be had here, so that the next run doesn't wait for it again. */
export async function rememberFailure(name, reason) {
  const folder = cacheFolders().find(isWritable)
  if (folder) await writeFile(join(folder, `${name}.failed`), reason).catch(() => {})
}

/** The reason remembered in the last `maxAgeMs`, or null. */
export async function recentFailure(name, maxAgeMs) {
  for (const folder of cacheFolders()) {
    const file = join(folder, `${name}.failed`)
    if ((await exists(file)) && !(await olderThan(file, maxAgeMs))) return readFile(file, 'utf8')
  }
  return null
}

const exists = (path) =>
  stat(path).then(
    () => true,
    () => false
  )
