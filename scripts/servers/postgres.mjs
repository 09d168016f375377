// One PostgreSQL server.

import { chown, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

import { controlsOf } from './controls.mjs'
import { serverCertificate } from './tls.mjs'
import { withFreePort } from './ports.mjs'
import { findPostgres } from './postgres-binary.mjs'
import {
  isInitialised,
  newDataFolder,
  postgresEnv,
  SUPERUSER,
  writeAccess,
} from './postgres-template.mjs'
import { keptFolder, runAsUser } from './postgres-user.mjs'
import { superviseProcess, temporaryFolder } from './supervised.mjs'
import { NeverError, waitFor } from './wait.mjs'

const HOST = '127.0.0.1'
const START_TIMEOUT_MS = 60_000
const DATABASE = 'postgres'

/** What is lost when the machine loses power is no loss for a test. */
const unsafeButQuick = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']

/**
 * Starts a server that ends with this process and waits until it takes connections.
 *
 * @param {object} [options]
 * @param {number} [options.version] the major version, 12 to 18
 * @param {string} [options.password] of the superuser `postgres`, by SCRAM; empty to trust
 * @param {boolean | import('./certificates.mjs').CertificateKind} [options.tls] and only TLS
 * @param {string} [options.dataDir] keeps the data there, safe from power loss
 * @param {number} [options.port]
 * @param {Record<string, string | number>} [options.settings] as in postgresql.conf
 */
export async function startPostgres(options = {}) {
  const { password = 'postgres', dataDir } = options
  const wantedVersion = options.version && Number(options.version)
  const owner = runAsUser() ?? {}
  const folder = dataDir ? keptFolder(dataDir) : await temporaryFolder(owner)
  const data = join(folder, 'data')
  const kept = await isInitialised(data)
  // Kept data can be read only by the version that wrote it.
  const version = kept ? Number(await readFile(join(data, 'PG_VERSION'), 'utf8')) : wantedVersion
  const program = await findPostgres(version)

  if (!kept) await newDataFolder(program, data, password)
  await writeAccess(data, { password, tls: options.tls })
  const certificate = options.tls ? await ownedCertificate(options.tls, folder, owner) : null

  const running = await withFreePort(options.port, (port) => run(port))
  const { port } = running

  async function run(port) {
    const settings = {
      port,
      listen_addresses: HOST,
      unix_socket_directories: '',
      max_connections: 200,
      shared_buffers: '32MB',
      ...(certificate && {
        ssl: 'on',
        ssl_cert_file: certificate.certFile,
        ssl_key_file: certificate.keyFile,
      }),
      ...options.settings,
    }
    const pairs = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    const all = dataDir ? pairs : [...unsafeButQuick, ...pairs]
    const server = await superviseProcess({
      command: join(program.bin, 'postgres'),
      args: ['-D', data, ...all.flatMap((pair) => ['-c', pair])],
      log: join(folder, 'server.log'),
      cwd: '/',
      env: postgresEnv(),
      ...owner,
      // SIGQUIT is the quickest end that still gives back shared memory, SIGINT the quickest
      // that leaves nothing to recover.
      stopSignal: dataDir ? 'SIGINT' : 'SIGQUIT',
    })
    await waitFor(
      async () => {
        await server.check()
        return takesConnections(port)
      },
      { timeoutMs: START_TIMEOUT_MS, what: `PostgreSQL ${program.version} taking connections` }
    )
    return { port, server }
  }

  const login = password ? `${SUPERUSER}:${encodeURIComponent(password)}` : SUPERUSER
  const query = certificate ? '?sslmode=verify-full' : ''
  const server = controlsOf(running, {
    folder,
    dataDir,
    run: (port) => whenFree(() => run(port)),
    restartSignal: 'SIGINT',
  })
  // Assigned rather than spread, which would freeze what is a getter.
  return Object.assign(server, {
    url: `postgresql://${login}@${HOST}:${port}/${DATABASE}${query}`,
    host: HOST,
    port,
    user: SUPERUSER,
    password: password || undefined,
    database: DATABASE,
    caPem: certificate?.caPem,
    caFile: certificate?.caFile,
    version: program.version,
    source: program.source,
    folder,
  })
}

/**
 * Starts a server on data that another one had just now. The children of a killed server see a
 * little later that it is gone, and no server starts on their shared memory before that.
 */
function whenFree(start) {
  return waitFor(
    () =>
      start().catch((error) => {
        throw /shared memory block .* still in use/.test(error.message)
          ? error
          : new NeverError(error)
      }),
    { timeoutMs: START_TIMEOUT_MS, what: 'the end of what the killed server left running' }
  )
}

/** The server refuses a key that isn't its user's own. */
async function ownedCertificate(kind, folder, { uid, gid }) {
  const certificate = await serverCertificate(kind, folder)
  if (uid !== undefined) await chown(certificate.keyFile, uid, gid)
  return certificate
}

/**
 * Asks for a session and sees whether the server goes on to authenticate. While it starts up or
 * recovers it refuses at this point (57P03); where only TLS is allowed, the refusal is about
 * that (28000) and comes from a server that is up.
 */
function takesConnections(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: HOST })
    const parameters = Buffer.from(`user\0${SUPERUSER}\0database\0${DATABASE}\0\0`)
    const head = Buffer.alloc(8)
    head.writeInt32BE(8 + parameters.length, 0)
    head.writeInt32BE(196_608, 4)
    let received = Buffer.alloc(0)
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer in time')))
    socket.on('connect', () => socket.write(Buffer.concat([head, parameters])))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('connection closed')))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      const isError = received[0] === 0x45
      // An error is read whole, for the code in it.
      if (isError && (received.length < 5 || received.length < 1 + received.readInt32BE(1))) return
      const text = received.toString('latin1')
      if (!isError || text.includes('\0C28000\0')) resolve(true)
      else reject(new Error(text.split('\0M')[1]?.split('\0')[0]))
      socket.destroy()
    })
  })
}
