import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const runFile = promisify(execFile)

/** The project's folder. */
export const root = join(__dirname, '..', '..')

/** Runs a Node program to its end and resolves with what it printed. */
export async function node(args: string[], options: { cwd?: string } = {}): Promise<string> {
  const { stdout } = await runFile(process.execPath, args, { cwd: root, ...options })
  return stdout
}

/** npm, as the one that runs the tests, or the one on `PATH`. */
export async function npm(args: string[], options: { cwd: string }): Promise<string> {
  const own = process.env.npm_execpath
  if (own?.endsWith('.js')) return node([own, ...args], options)
  return (await runFile('npm', args, { ...options, shell: process.platform === 'win32' })).stdout
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>

/** Asks until the answer is truthy; a throw counts as "not yet". */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T>,
  timeoutMs = 60_000
): Promise<Truthy<T>> {
  const deadline = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < deadline) {
    try {
      const answer = await ask()
      if (answer) return answer as Truthy<T>
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`${what} did not happen within ${timeoutMs} ms`, { cause: last })
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
