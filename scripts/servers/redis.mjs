// One Redis or Valkey server.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { controlsOf } from './controls.mjs'
import { serverCertificate, tlsFront } from './tls.mjs'
import { freePort, freePortWithBus, withFreePort } from './ports.mjs'
import { findRedis } from './redis-binary.mjs'
import { redisCommand } from './resp.mjs'
import { removeTemporaryFolder, superviseProcess, temporaryFolder } from './supervised.mjs'
import { waitFor } from './wait.mjs'

const HOST = '127.0.0.1'
const START_TIMEOUT_MS = 20_000

/**
 * Starts a server that ends with this process and waits until it answers `PING`.
 *
 * @param {object} [options]
 * @param {'6.2' | '7.0' | 'valkey9' | 'any'} [options.generation]
 * @param {string} [options.password] of the default user
 * @param {string[]} [options.acl] users as an ACL file has them, `alice on >secret ~* &* +@all`
 * @param {boolean | import('./certificates.mjs').CertificateKind} [options.tls]
 * @param {string} [options.dataDir] keeps the data there, written as it changes; else nothing is
 * @param {boolean} [options.cluster] makes it a node of a cluster, still alone and without slots
 * @param {number} [options.port]
 * @param {string[]} [options.args] more of the server's own options
 */
export async function startRedis(options = {}) {
  const program = await findRedis(options.generation)
  const folder = options.dataDir ?? (await temporaryFolder())
  if (options.dataDir) await mkdir(folder, { recursive: true })
  const certificate = options.tls ? await serverCertificate(options.tls, folder) : null

  if (certificate && !(await speaksTls(program))) {
    const plain = await launch(program, { ...options, folder, certificate: null })
    return withUrl(await tlsFront(plain, certificate, options.port))
  }
  return launch(program, { ...options, folder, certificate })
}

async function launch(program, options) {
  const { folder, certificate, dataDir, password } = options
  const login = { password, tls: certificate !== null }
  // A front listens on the wanted port, the server behind it on any.
  const wanted = options.tls && !certificate ? undefined : options.port
  const running = await withFreePort(wanted, run, options.cluster ? freePortWithBus : freePort)
  const { port } = running

  async function run(port) {
    const args = await serverArgs(port, options)
    const server = await superviseProcess({
      command: program.command,
      args,
      log: join(folder, 'server.log'),
      env: { ...process.env, ...program.env },
      stopSignal: dataDir ? 'SIGTERM' : 'SIGKILL',
    })
    await waitFor(
      async () => {
        await server.check()
        return (await redisCommand({ port, ...login }, 'PING')) === 'PONG'
      },
      { timeoutMs: START_TIMEOUT_MS, what: `${program.version} on port ${port} answering PING` }
    )
    return { port, server }
  }

  const server = controlsOf(running, { folder, dataDir, run })
  // Assigned rather than spread, which would freeze what is a getter.
  Object.assign(server, {
    host: HOST,
    port,
    user: password ? 'default' : undefined,
    password,
    caPem: certificate?.caPem,
    caFile: certificate?.caFile,
    generation: program.generation,
    version: program.version,
    source: program.source,
    folder,
  })
  return withUrl(server)
}

/** Adds the connection string. */
function withUrl(server) {
  const scheme = server.caPem ? 'rediss' : 'redis'
  const login = server.password ? `:${encodeURIComponent(server.password)}@` : ''
  return Object.assign(server, { url: `${scheme}://${login}${server.host}:${server.port}` })
}

async function serverArgs(port, options) {
  const { folder, certificate, dataDir, password, acl, cluster, args = [] } = options
  const keep = dataDir ? ['--appendonly', 'yes'] : ['--save', '', '--appendonly', 'no']
  const listen = certificate
    ? ['--port', '0', '--tls-port', String(port), ...tlsArgs(certificate)]
    : ['--port', String(port)]
  const users = []
  if (acl) {
    // An ACL file replaces `requirepass`, so the default user's password goes into it.
    const secret = password ? `>${password}` : 'nopass'
    const lines = [`default on ${secret} ~* &* +@all`, ...acl]
    const file = join(folder, 'users.acl')
    await writeFile(file, lines.map((line) => `user ${line}\n`).join(''))
    users.push('--aclfile', file)
  } else if (password) {
    users.push('--requirepass', password, '--masterauth', password)
  }
  // A replica gets its first copy at once instead of waiting for others to join it.
  const mode = ['--repl-diskless-sync-delay', '0']
  if (cluster) mode.push('--cluster-enabled', 'yes')
  return [...listen, '--bind', HOST, '--dir', folder, ...keep, ...users, ...mode, ...args]
}

const tlsArgs = ({ certFile, keyFile, caFile }) => [
  ...['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', caFile],
  ...['--tls-auth-clients', 'no'],
]

/** @type {Map<string, Promise<boolean>>} */
const tlsBuilds = new Map()

/** Whether a program was built with TLS: one that wasn't stops at the option. */
function speaksTls(program) {
  const known = tlsBuilds.get(program.command)
  if (known) return known
  const asked = askTls(program)
  tlsBuilds.set(program.command, asked)
  return asked
}

async function askTls(program) {
  const folder = await temporaryFolder()
  const certificate = await serverCertificate('valid', folder)
  try {
    const server = await launch(program, { folder, certificate })
    await server.stop()
    return true
  } catch {
    await removeTemporaryFolder(folder)
    return false
  }
}
