// A freshly initialised data folder, made once per version and copied for each server:
// `initdb` takes seconds, a copy a fraction of one.

import { mkdir, chown, writeFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { cached } from './cache.mjs'
import { progress, run } from './run.mjs'
import { runAsUser } from './postgres-user.mjs'

export const SUPERUSER = 'postgres'
const TEMPLATE_PASSWORD = 'postgres'

/**
 * Fills `data`, which must not exist yet, with a new database cluster.
 * @param {import('./postgres-binary.mjs').PostgresProgram} program
 * @param {string} data
 * @param {string} password of the superuser; none when empty
 */
export async function newDataFolder(program, data, password) {
  const owner = runAsUser() ?? {}
  const uid = owner.uid ?? process.getuid?.() ?? 'user'
  // Only its owner can read a data folder, so each user has a template of its own.
  const template = await cached(
    `postgres-template-${program.version}-uid-${uid}`,
    (folder) => initialise(program, folder, owner),
    { othersMustRead: owner.uid !== undefined }
  )
  await run('cp', ['-R', join(template, 'data'), data], { ...owner, cwd: '/' })
  if (password && password !== TEMPLATE_PASSWORD) await setPassword(program, data, password)
}

async function initialise(program, folder, owner) {
  progress(`initialising a PostgreSQL ${program.version} database…`)
  // A folder that `owner` may write to, within one that it may not.
  const work = join(folder, 'work')
  await mkdir(work)
  if (owner.uid !== undefined) await chown(work, owner.uid, owner.gid)
  const data = join(work, 'data')
  const args = [
    ...['-D', data, '-U', SUPERUSER, '--auth', 'trust', '--no-sync'],
    // The smallest log files, because every copy holds one.
    ...['--encoding', 'UTF8', '--locale', 'C', '--wal-segsize', '1'],
  ]
  await run(join(program.bin, 'initdb'), args, { ...owner, cwd: '/', env: postgresEnv() })
  await setPassword(program, data, TEMPLATE_PASSWORD)
  await rename(data, join(folder, 'data'))
}

/** The environment without what would change the server's own settings. */
export function postgresEnv() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('PG') && !name.startsWith('LC_') && name !== 'LANG'
  )
  return { ...Object.fromEntries(kept), LC_ALL: 'C' }
}

/** Sets the superuser's password, with the server not running. */
async function setPassword(program, data, password) {
  const owner = runAsUser() ?? {}
  const quoted = `'${password.replaceAll("'", "''")}'`
  const args = ['--single', '-D', data, '-F', '-c', 'password_encryption=scram-sha-256', 'postgres']
  const text = `SET standard_conforming_strings = on; ALTER ROLE ${SUPERUSER} PASSWORD ${quoted}\n`
  await run(join(program.bin, 'postgres'), args, {
    ...owner,
    cwd: '/',
    env: postgresEnv(),
    input: text,
  })
}

/** Who may connect, and how. */
export async function writeAccess(data, { password, tls }) {
  const method = password ? 'scram-sha-256' : 'trust'
  const kind = tls ? 'hostssl' : 'host'
  const lines = ['127.0.0.1/32', '::1/128'].flatMap((range) => [
    `${kind} all all ${range} ${method}`,
    `${kind} replication all ${range} ${method}`,
  ])
  await writeFile(join(data, 'pg_hba.conf'), `${lines.join('\n')}\n`)
}

/** True when `data` holds a database cluster. */
export const isInitialised = (data) =>
  stat(join(data, 'PG_VERSION')).then(
    () => true,
    () => false
  )
