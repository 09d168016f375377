// Which steps can be skipped: a stamp is the digest of everything that went into a step.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { lock } from '../servers/cache.mjs'
import { root } from './command.mjs'

const folder = join(root, '.cache', 'stamps')
const ignored = new Set(['node_modules', '.next', 'next-env.d.ts'])

/**
 * Runs `work` unless it has run with these very inputs before and its outputs are still there. One
 * process does it at a time.
 *
 * @param {string} name
 * @param {{ inputs: string[], outputs: string[], also?: string }} of files and folders, from the
 *   project's root; `also` is any other text that the result depends on
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether it ran
 */
export async function unlessFresh(name, { inputs, outputs, also = '' }, work) {
  const file = join(folder, name)
  await mkdir(folder, { recursive: true })
  const unlock = await lock(`${file}.lock`)
  try {
    const digest = await digestOf(inputs, also)
    const before = await readFile(file, 'utf8').catch(() => null)
    if (before === digest && outputs.every((path) => existsSync(join(root, path)))) return false
    await rm(file, { force: true })
    await work()
    await writeFile(file, digest)
    return true
  } finally {
    await unlock()
  }
}

/** The digest of files and folders: names and contents. */
export async function digestOf(inputs, also = '') {
  const hash = createHash('sha256').update(also)
  for (const input of inputs) {
    for await (const path of files(input)) {
      hash.update(`\0${path}\0`).update(await readFile(join(root, path)))
    }
  }
  return hash.digest('hex')
}

async function* files(path) {
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return null
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (entries === null) return yield path
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (ignored.has(entry.name)) continue
    const inside = join(path, entry.name)
    if (entry.isDirectory()) yield* files(inside)
    else yield inside
  }
}
