// Commands that show their output as they run: cargo, npm, next.

import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Runs a program to its end; rejects unless it exits with 0.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, quiet?: boolean,
 *   shell?: boolean, write?: (chunk: Buffer) => void }} [options] `quiet` shows the output only when
 *   it fails; `write` takes it in place of this process's own streams
 * @returns {Promise<string>} what it wrote, both streams as they came
 */
export function command(program, args, options = {}) {
  const { cwd = root, env, quiet = false, shell = false, write } = options
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      shell,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const chunks = []
    const take = (stream) => (chunk) => {
      chunks.push(chunk)
      if (write) write(chunk)
      else if (!quiet) stream.write(chunk)
    }
    child.stdout.on('data', take(process.stdout))
    child.stderr.on('data', take(process.stderr))
    child.on('error', (cause) => reject(new Error(`${program} can't be run: ${cause.message}`)))
    child.on('close', (code, signal) => {
      const output = Buffer.concat(chunks).toString()
      if (code === 0) return resolve(output)
      if (quiet) process.stderr.write(output)
      const why = signal ? `ended by ${signal}` : `exit code ${code}`
      reject(new CommandError(`${program} ${args.join(' ')}: ${why}`, output))
    })
  })
}

/** A command that failed, with what it wrote. */
export class CommandError extends Error {
  constructor(message, output) {
    super(message)
    this.output = output
  }
}

/** npm itself: the one that runs this script, else the one on `PATH`. */
export function npm(args, options) {
  const own = process.env.npm_execpath
  if (own?.endsWith('.js')) return command(process.execPath, [own, ...args], options)
  return command('npm', args, { ...options, shell: process.platform === 'win32' })
}

/** Runs the program `name` of an installed package, by its JavaScript file. */
export function packageBin(packageName, name, args, options = {}) {
  return command(process.execPath, [binPath(packageName, name, options.cwd), ...args], options)
}

/** Where the program `name` of an installed package is. */
function binPath(packageName, name, cwd = root) {
  const from = createRequire(pathToFileURL(join(cwd, 'package.json')))
  const manifest = join(packageFolder(from, packageName), 'package.json')
  const { bin } = from(manifest)
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin[name])
}

/** Not every package lets its `package.json` be resolved by name. */
function packageFolder(from, packageName) {
  for (const folder of from.resolve.paths(packageName) ?? []) {
    const found = join(folder, packageName)
    try {
      from.resolve(join(found, 'package.json'))
      return found
    } catch {
      continue
    }
  }
  throw new Error(`${packageName} is not installed; run npm ci`)
}
