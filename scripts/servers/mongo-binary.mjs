// Where a MongoDB server comes from: a real mongod, or SecantusDB, which speaks its protocol.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { cached, findCached, recentFailure, rememberFailure } from './cache.mjs'
import { installedPackage } from './pypi.mjs'
import { isExecutable, lastLines, onPath, progress, run } from './run.mjs'
import { delay } from './wait.mjs'

const MONGOD_VERSION = '7.0.14'
const SECANTUS = 'secantusdb==0.7.0b3'
const DOWNLOAD_ENTRY = `mongod-${MONGOD_VERSION}`
const downloader = fileURLToPath(new URL('./mongod-download.mjs', import.meta.url))

/** A download that hasn't brought a byte by then is blocked. */
const FIRST_BYTE_MS = 10_000
const DOWNLOAD_MS = 10 * 60_000
const FAILURE_LASTS_MS = 24 * 60 * 60_000

/**
 * @typedef {{ engine: 'mongod' | 'secantusdb', command: string, env?: Record<string, string>,
 *   version: string, source: string }} MongoProgram
 */

const sources = [
  {
    source: 'MONGOD_BIN',
    find: () => mongodAt(process.env.MONGOD_BIN, 'MONGOD_BIN'),
  },
  {
    source: 'mongod on PATH',
    find: () => mongodAt(onPath('mongod'), 'mongod on PATH'),
  },
  {
    source: `mongod ${MONGOD_VERSION} from mongodb.org`,
    find: async () => mongodAt(await downloadedMongod(), 'mongodb.org'),
  },
  {
    source: `PyPI ${SECANTUS}`,
    async find() {
      const { python, folder } = await installedPackage(SECANTUS)
      const version = SECANTUS.split('==')[1]
      const env = { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' }
      return { engine: 'secantusdb', command: python, env, version, source: `PyPI ${SECANTUS}` }
    },
  },
]

async function mongodAt(command, source) {
  if (!command || !isExecutable(command)) return null
  const text = await run(command, ['--version'])
  const [, version] = /v(\d+\.\d+\.\d+)/.exec(text) ?? []
  return { engine: 'mongod', command, version: version ?? text.trim(), source }
}

async function downloadedMongod() {
  const entry = await findCached(DOWNLOAD_ENTRY)
  if (entry) return onlyProgram(entry)
  try {
    createRequire(import.meta.url).resolve('mongodb-memory-server-core')
  } catch {
    throw new Error('the npm package mongodb-memory-server-core is not installed')
  }
  return onlyProgram(await cached(DOWNLOAD_ENTRY, downloadOnce))
}

/** A download that failed is not tried again for a while, nor by those who waited for it. */
async function downloadOnce(folder) {
  const before = await recentFailure(DOWNLOAD_ENTRY, FAILURE_LASTS_MS)
  if (before) throw new Error(`${before} (within the last day; not tried again)`)
  try {
    await download(folder)
  } catch (error) {
    await rememberFailure(DOWNLOAD_ENTRY, error.message)
    throw error
  }
}

async function download(folder) {
  progress(`fetching mongod ${MONGOD_VERSION}…`)
  const child = fork(downloader, [MONGOD_VERSION, folder], { execArgv: [], silent: true })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const ended = once(child, 'exit')
  const start = Date.now()
  let hasStarted = false
  while (child.exitCode === null && child.signalCode === null) {
    hasStarted ||= await hasBytes(folder)
    const limit = hasStarted ? DOWNLOAD_MS : FIRST_BYTE_MS
    if (Date.now() - start > limit) child.kill('SIGKILL')
    await Promise.race([ended, delay(200)])
  }
  if (child.exitCode === 0) return
  throw new Error(lastLines(output, 3) || 'the download was blocked or too slow')
}

async function hasBytes(folder) {
  for (const name of await readdir(folder)) {
    const found = await stat(join(folder, name)).catch(() => null)
    if (found?.isFile() && found.size > 0) return true
  }
  return false
}

async function onlyProgram(folder) {
  const name = (await readdir(folder)).find((file) => file.startsWith('mongod'))
  if (!name) throw new Error(`no mongod in ${folder}`)
  return join(folder, name)
}

/** @type {Map<string, Promise<MongoProgram>>} */
const found = new Map()

/**
 * A MongoDB server, a real one if it can be had.
 * @param {'mongod' | 'secantusdb' | 'any'} [engine]
 */
export function findMongo(engine = 'any') {
  if (!found.has(engine)) found.set(engine, search(engine))
  return found.get(engine)
}

async function search(engine) {
  const tried = []
  for (const { source, find } of sources) {
    const isMongod = !source.includes(SECANTUS)
    if (engine !== 'any' && isMongod !== (engine === 'mongod')) continue
    try {
      const program = await find()
      if (program) return program
      tried.push(`${source}: not there`)
    } catch (error) {
      tried.push(`${source}: ${error.message}`)
    }
  }
  throw new Error(
    `no MongoDB server found. Tried:\n  ${tried.join('\n  ')}\n` +
      'Install mongod (or Python 3 with pip, for SecantusDB), or set MONGOD_BIN to one.'
  )
}

/** Every engine that can be had. */
export async function allMongo() {
  const programs = []
  const missing = []
  for (const engine of ['mongod', 'secantusdb']) {
    try {
      programs.push(await findMongo(engine))
    } catch (error) {
      missing.push(`${engine}: ${error.message}`)
    }
  }
  return { programs, missing }
}
