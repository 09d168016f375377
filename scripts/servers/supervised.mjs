// The program's side of the supervisor: one helper process for all servers that it starts.

import { fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

import { readableByOthers } from './cache.mjs'
import { lastLines } from './run.mjs'
import { NeverError } from './wait.mjs'

const program = fileURLToPath(new URL('./supervisor.mjs', import.meta.url))

/** @type {import('node:child_process').ChildProcess | null} */
let supervisor = null
let lastId = 0
const pending = new Map()
/** Called with the exit of a server, by pid. */
const exits = new Map()

function connect() {
  if (supervisor?.connected) return supervisor
  const child = fork(program, [], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  supervisor = child
  child.on('message', ({ id, value, error, exited, code, signal }) => {
    if (exited !== undefined) {
      exits.get(exited)?.({ code, signal })
      return exits.delete(exited)
    }
    const { resolve, reject } = pending.get(id)
    pending.delete(id)
    if (pending.size === 0) child.channel.unref()
    if (error === undefined) resolve(value)
    else reject(new Error(error))
  })
  child.on('error', () => {})
  child.on('exit', () => {
    if (supervisor === child) supervisor = null
    for (const { reject } of pending.values()) reject(new Error('the server supervisor ended'))
    pending.clear()
    for (const exited of exits.values()) exited({ code: null, signal: 'SIGKILL' })
    exits.clear()
  })
  // Running servers don't keep the program alive; requests under way do.
  child.unref()
  child.channel.unref()
  return child
}

function ask(action, request) {
  return new Promise((resolve, reject) => {
    const child = connect()
    const id = ++lastId
    pending.set(id, { resolve, reject })
    child.channel.ref()
    child.send({ id, do: action, ...request })
  })
}

/**
 * A temporary folder that goes away with this process.
 * @param {{ uid?: number, gid?: number }} [owner] the user that must be able to use it
 */
export function temporaryFolder(owner = {}) {
  const base = owner.uid === undefined || readableByOthers(tmpdir()) ? tmpdir() : '/tmp'
  return ask('folder', { base, ...owner })
}

export const removeTemporaryFolder = (folder) => ask('removeFolder', { folder })

/**
 * Starts a program that ends with this process.
 *
 * @param {{ command: string, args: string[], log: string, cwd?: string, uid?: number,
 *   gid?: number, env?: NodeJS.ProcessEnv, stopSignal?: NodeJS.Signals }} options
 *   `stopSignal` ends it, SIGKILL unless given
 */
export async function superviseProcess({ stopSignal = 'SIGKILL', env, ...options }) {
  const pid = await ask('start', { ...options, env: env ?? process.env, stopSignal })
  let exit = null
  const exited = new Promise((resolve) => {
    exits.set(pid, (how) => resolve((exit = how)))
  })
  return {
    pid,
    /** Resolves with `{ code, signal }`. */
    exited,
    /** Throws, with the end of its log, when the process has ended. */
    async check() {
      if (exit === null) return
      const text = await readFile(options.log, 'utf8').catch(() => '')
      const why = exit.signal ? `ended by ${exit.signal}` : `exit code ${exit.code}`
      const error = new Error(`${options.command}: ${why}\n${lastLines(text)}`)
      throw new NeverError(error)
    },
    /** @param {NodeJS.Signals} signal */
    signal: (signal) => ask('signal', { pid, signal }),
    /** Ends it and resolves when it has ended. @param {NodeJS.Signals} [signal] */
    stop: (signal) => ask('stop', { pid, signal }),
  }
}
