import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { waitFor } from '../../scripts/servers/wait.mjs'

const runFile = promisify(execFile)

/** The project's folder. */
export const root = join(__dirname, '..', '..')

/** Runs a Node program to its end and resolves with what it printed. */
export async function node(args: string[], options: { cwd?: string } = {}): Promise<string> {
  const { stdout } = await runFile(process.execPath, args, { cwd: root, ...options })
  return stdout
}

type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>

/** Asks until the answer is truthy; a throw counts as "not yet". */
export function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  timeoutMs = 60_000
): Promise<Truthy<T>> {
  return waitFor(ask, { what, timeoutMs, everyMs: 25 }) as Promise<Truthy<T>>
}

/** A program that runs until `stop()`. */
export interface Running {
  child: ChildProcess
  /** What it has printed so far, for when a test fails. */
  output: () => string
  stop: () => Promise<void>
}

/** Starts a Node program in a process group of its own, so that its children end with it. */
export function startNode(
  args: string[],
  options: { cwd: string; env?: Record<string, string> }
): Running {
  const child = spawn(process.execPath, args, {
    cwd: options.cwd,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const exited = once(child, 'exit')
  return {
    child,
    output: () => output,
    async stop() {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid, 'SIGTERM')
        await exited
      }
    },
  }
}

/** The first line that a program prints. */
export async function firstLine(running: Running): Promise<string> {
  if (!running.child.stdout) throw new Error('the program has no output')
  const lines = createInterface({ input: running.child.stdout })
  const ended = once(running.child, 'exit').then(() => {
    throw new Error(`ended without a line:\n${running.output()}`)
  })
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string]
  return line
}
