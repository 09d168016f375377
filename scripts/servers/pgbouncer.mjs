// One pgbouncer in front of a PostgreSQL server: a pooler, whose clients share few sessions.

import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { unpackedDebian } from './apt.mjs'
import { controlsOf } from './controls.mjs'
import { listens, withFreePort } from './ports.mjs'
import { runAsUser } from './postgres-user.mjs'
import { isExecutable, onPath, run as runProgram } from './run.mjs'
import { superviseProcess, temporaryFolder } from './supervised.mjs'
import { waitFor } from './wait.mjs'

const HOST = '127.0.0.1'
const START_TIMEOUT_MS = 20_000

/** What a missing library of Debian's build is packaged in. */
const debianLibraries = {
  'libevent-2.1.so.7': 'libevent-2.1-7',
  'libcares.so.2': 'libc-ares2',
  'libpam.so.0': 'libpam0g',
  'libssl.so.3': 'libssl3',
  'libcrypto.so.3': 'libssl3',
  'libsystemd.so.0': 'libsystemd0',
}

let found

/** The program on PATH (or `PGBOUNCER_BIN`), else the distribution's, unpacked. */
export function findPgbouncer() {
  found ??= search()
  return found
}

async function search() {
  const local = process.env.PGBOUNCER_BIN ?? onPath('pgbouncer')
  const program =
    local && isExecutable(local)
      ? { command: local, env: {}, source: local }
      : await fromDistribution()
  const text = await runProgram(program.command, ['--version'], {
    env: { ...process.env, ...program.env },
  })
  return { ...program, version: /\d+(?:\.\d+)+/.exec(text)?.[0] }
}

async function fromDistribution() {
  const program = join('usr', 'sbin', 'pgbouncer')
  const options = { othersMustRead: runAsUser() !== null }
  const unpacked = await unpackedDebian(
    'debian-pgbouncer',
    ['pgbouncer'],
    program,
    debianLibraries,
    options
  )
  return {
    command: unpacked.command,
    env: { LD_LIBRARY_PATH: unpacked.libraries },
    source: "the distribution's pgbouncer",
  }
}

/**
 * Starts one that ends with this process and waits until it takes connections. Whoever connects is
 * the server's superuser.
 *
 * @param {{ host: string, port: number, user: string, password?: string, database: string }} server
 * @param {object} [options]
 * @param {'transaction' | 'session' | 'statement'} [options.mode]
 * @param {number} [options.poolSize] how many of the server's sessions its clients share
 * @param {Record<string, string | number>} [options.settings] as in pgbouncer.ini
 */
export async function startPgbouncer(server, options = {}) {
  const { mode = 'transaction', poolSize = 1 } = options
  const program = await findPgbouncer()
  const owner = runAsUser() ?? {}
  const folder = await temporaryFolder(owner)
  const password = server.password ? ` password=${server.password}` : ''
  const target = `host=${server.host} port=${server.port} user=${server.user}${password}`

  async function run(port) {
    const settings = {
      listen_addr: HOST,
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'any',
      pool_mode: mode,
      default_pool_size: poolSize,
      max_client_conn: 200,
      ...options.settings,
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
    const file = join(folder, 'pgbouncer.ini')
    const text = ['[databases]', `* = ${target}`, '[pgbouncer]', ...lines, ''].join('\n')
    await writeFile(file, text, { mode: 0o600 })
    if (owner.uid !== undefined) await chown(file, owner.uid, owner.gid)
    const running = await superviseProcess({
      command: program.command,
      args: [file],
      log: join(folder, 'server.log'),
      cwd: '/',
      env: { ...process.env, ...program.env },
      ...owner,
      stopSignal: 'SIGTERM',
    })
    await waitFor(
      async () => {
        await running.check()
        return listens({ port })
      },
      { timeoutMs: START_TIMEOUT_MS, what: `pgbouncer ${program.version} taking connections` }
    )
    return { port, server: running }
  }

  const running = await withFreePort(undefined, run)
  const { port } = running
  return Object.assign(controlsOf(running, { folder, run }), {
    url: `postgresql://${server.user}@${HOST}:${port}/${server.database}`,
    host: HOST,
    port,
    mode,
    version: program.version,
    source: program.source,
    folder,
  })
}
