// One MongoDB server, by itself or as the only member of a replica set.

import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { controlsOf } from './controls.mjs'
import { findMongo } from './mongo-binary.mjs'
import { withFreePort } from './ports.mjs'
import { superviseProcess, temporaryFolder } from './supervised.mjs'
import { serverCertificate } from './tls.mjs'
import { waitFor } from './wait.mjs'

const HOST = '127.0.0.1'
const START_TIMEOUT_MS = 60_000
const UNAUTHORIZED = 13
const ALREADY_INITIALIZED = 23
const USER_EXISTS = 51003
const launcher = fileURLToPath(new URL('./secantus_launcher.py', import.meta.url))

/**
 * Starts a server that ends with this process and waits until it answers commands.
 *
 * @param {object} [options]
 * @param {boolean | { user: string, password: string }} [options.auth] requires SCRAM; the user
 *   is `root` with the password `secret` unless given
 * @param {boolean | import('./certificates.mjs').CertificateKind} [options.tls]
 * @param {boolean | string} [options.replicaSet] its name, or true for `rs0`
 * @param {'mongod' | 'secantusdb' | 'any'} [options.engine]
 * @param {string} [options.dataDir] keeps the data there
 * @param {number} [options.port]
 */
export async function startMongo(options = {}) {
  const { dataDir } = options
  // Loaded only by those who want a server: the driver takes a while.
  const { mongoCommand } = await import('./mongo-command.mjs')
  const program = await findMongo(options.engine)
  const folder = dataDir ?? (await temporaryFolder())
  const data = join(folder, 'data')
  await mkdir(data, { recursive: true })
  const setup = {
    folder,
    data,
    user: options.auth === true ? { user: 'root', password: 'secret' } : options.auth || null,
    replicaSet: options.replicaSet === true ? 'rs0' : options.replicaSet || null,
    certificate: options.tls ? await serverCertificate(options.tls, folder) : null,
  }
  const { user, replicaSet, certificate } = setup

  const running = await withFreePort(options.port, (port) => run(port))
  const { port } = running

  async function run(port) {
    const { args, prepare } = programArgs[program.engine]({ ...setup, port })
    const server = await superviseProcess({
      command: program.command,
      args: await args(),
      log: join(folder, 'server.log'),
      env: { ...process.env, ...program.env },
      stopSignal: dataDir ? 'SIGTERM' : 'SIGKILL',
    })
    const at = { port, tls: certificate !== null }
    const ask = (command) => mongoCommand(at, 'admin', command)
    await waitFor(
      async () => {
        await server.check()
        return prepare(ask)
      },
      { timeoutMs: START_TIMEOUT_MS, what: `${program.engine} on port ${port} taking commands` }
    )
    return { port, server }
  }

  const login = user ? `${encodeURIComponent(user.user)}:${encodeURIComponent(user.password)}@` : ''
  const query = new URLSearchParams()
  if (user) query.set('authSource', 'admin')
  if (replicaSet) query.set('replicaSet', replicaSet)
  if (certificate) query.set('tls', 'true')
  const parameters = `${query}` && `?${query}`
  const server = controlsOf(running, { folder, dataDir, run })
  // Assigned rather than spread, which would freeze what is a getter.
  return Object.assign(server, {
    url: `mongodb://${login}${HOST}:${port}/${parameters}`,
    host: HOST,
    port,
    user: user?.user,
    password: user?.password,
    replicaSet: replicaSet ?? undefined,
    caPem: certificate?.caPem,
    caFile: certificate?.caFile,
    engine: program.engine,
    version: program.version,
    source: program.source,
    folder,
  })
}

/** Per engine, its arguments, and what to do until it is ready. */
const programArgs = {
  secantusdb: ({ port, data, user, replicaSet, certificate }) => ({
    args() {
      const tls = certificate && {
        cert_file: certificate.certFile,
        key_file: certificate.keyFile,
        ca_file: certificate.caFile,
      }
      const login = user && { name: user.user, password: user.password }
      const settings = { host: HOST, port, data, replica_set: replicaSet, user: login, tls }
      return [launcher, JSON.stringify(settings)]
    },
    prepare: (ask) => isReady(ask, user),
  }),

  mongod: ({ port, folder, data, user, replicaSet, certificate }) => ({
    async args() {
      const args = ['--port', String(port), '--bind_ip', HOST, '--dbpath', data, '--quiet']
      args.push('--wiredTigerCacheSizeGB', '0.25', '--setParameter', 'enableTestCommands=1')
      if (process.platform !== 'win32') args.push('--nounixsocket')
      if (replicaSet) args.push('--replSet', replicaSet)
      if (user) args.push('--auth')
      if (user && replicaSet) args.push('--keyFile', await memberKey(folder))
      if (certificate) {
        args.push('--tlsMode', 'requireTLS', '--tlsAllowConnectionsWithoutCertificates')
        args.push('--tlsCertificateKeyFile', await combined(certificate, folder))
        args.push('--tlsCAFile', certificate.caFile)
      }
      return args
    },
    async prepare(ask) {
      if (replicaSet) {
        const members = [{ _id: 0, host: `${HOST}:${port}` }]
        const reply = await ask({ replSetInitiate: { _id: replicaSet, members } })
        expectOk(reply, ALREADY_INITIALIZED, UNAUTHORIZED)
        const { isWritablePrimary } = await ask({ hello: 1 })
        if (!isWritablePrimary) return false
      }
      // The first user may be made without logging in, from this machine.
      if (user) {
        const { user: name, password: pwd } = user
        const reply = await ask({ createUser: name, pwd, roles: ['root'] })
        expectOk(reply, USER_EXISTS, UNAUTHORIZED)
      }
      return isReady(ask, user)
    },
  }),
}

/** It answers, and, with a user, no longer to those who haven't logged in. */
async function isReady(ask, user) {
  const reply = await ask({ listDatabases: 1, nameOnly: true })
  return user ? reply.code === UNAUTHORIZED : reply.ok === 1
}

function expectOk(reply, ...codes) {
  if (reply.ok !== 1 && !codes.includes(reply.code)) throw new Error(reply.errmsg)
}

/** The secret that members of a replica set know each other by; required also of a single one. */
async function memberKey(folder) {
  const file = join(folder, 'member.key')
  const key = randomBytes(256).toString('base64')
  await writeFile(file, key, { mode: 0o600, flag: 'wx' }).catch(() => {})
  return file
}

async function combined({ certFile, keyFile }, folder) {
  const file = join(folder, 'server.pem')
  const [cert, key] = await Promise.all([certFile, keyFile].map((path) => readFile(path, 'utf8')))
  await writeFile(file, cert + key, { mode: 0o600 })
  return file
}
