// PostgreSQL refuses to run as root, so a process of root runs it as the user `nobody`.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chownSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { readableByOthers } from './cache.mjs'
import { progress } from './run.mjs'

const NOBODY = 65_534
/** Survives a restart of the machine, unlike the temporary folder. */
const KEPT = '/var/tmp'

let user

/** `{ uid, gid }` to run PostgreSQL as, or null for the user that this process has. */
export function runAsUser() {
  if (user === undefined) user = process.getuid?.() === 0 ? nobody() : null
  return user
}

function nobody() {
  const ask = (flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  try {
    return { uid: ask('-u'), gid: ask('-g') }
  } catch {
    return { uid: NOBODY, gid: NOBODY }
  }
}

/**
 * A folder for kept data that the server's user can use. Below a home folder that is closed to
 * others there is none, so the data goes to a folder in /var/tmp that is named after the wanted
 * one.
 */
export function keptFolder(wanted) {
  const owner = runAsUser()
  let folder = wanted
  mkdirSync(dirname(wanted), { recursive: true })
  if (owner && !readableByOthers(dirname(wanted))) {
    const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12)
    folder = join(KEPT, `studio-multidb-postgres-${name}`)
    progress(`PostgreSQL, run as another user than root, can't reach ${wanted}: using ${folder}`)
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (owner) chownSync(folder, owner.uid, owner.gid)
  return folder
}
