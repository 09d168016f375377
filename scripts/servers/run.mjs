// Short-lived commands (pip, npm, tar, initdb) and where programs are found.

import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** One line on stderr for a step that takes a while. */
export const progress = (line) => process.stderr.write(`${line}\n`)

/**
 * Runs a command to its end; rejects with the last lines of its output unless it exits with 0.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, uid?: number, gid?: number,
 *   input?: string, timeoutMs?: number, signal?: AbortSignal }} [options]
 * @returns {Promise<string>} what it wrote to stdout
 */
export function run(command, args, { input, timeoutMs = 300_000, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, timeout: timeoutMs, killSignal: 'SIGKILL' })
    let stdout = ''
    let both = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
      both += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => (both += text))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout)
      const why = signal ? `ended by ${signal}` : `exit code ${code}`
      reject(new Error(`${command} ${args[0] ?? ''}: ${why}\n${lastLines(both)}`))
    })
    // A command that exits without reading its input is judged by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** The end of a log, enough to see why something failed. */
export const lastLines = (text, count = 12) => text.trimEnd().split('\n').slice(-count).join('\n')

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The first of `names` that is a program on `PATH`, or null. */
export function onPath(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(folder, name)
      if (folder && isExecutable(path)) return path
    }
  }
  return null
}
