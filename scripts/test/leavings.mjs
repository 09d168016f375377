// What the tests leave behind: nothing. They have a temporary folder for themselves, by which their
// processes are known too.

import { chmodSync, mkdtempSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** What was told to end needs a moment. */
const PATIENCE_MS = 15_000

/** Makes the temporary folder of this process and of all that it starts. @returns its path */
export function takeTemporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'multidb-test-'))
  // Under root, servers run as other users.
  chmodSync(folder, 0o755)
  process.env.TMPDIR = folder
  return folder
}

/** Fails where something is left in the folder, or a process that was given it. Removes the folder. */
export async function requireNothingLeft(folder, patienceMs = PATIENCE_MS) {
  const until = Date.now() + patienceMs
  let left = await leavings(folder)
  while (left.length > 0 && Date.now() < until) {
    await wait(100)
    left = await leavings(folder)
  }
  await rm(folder, { recursive: true, force: true })
  if (left.length > 0) throw new Error(`the tests left behind:\n  ${left.join('\n  ')}`)
}

async function leavings(folder) {
  const files = (await readdir(folder)).map((name) => join(folder, name))
  return [...files, ...(await processesOf(folder))]
}

/** Those that were started with this temporary folder, but for this program's own children. */
async function processesOf(folder) {
  // Only Linux tells.
  const names = await readdir('/proc').catch(() => [])
  const found = await Promise.all(
    names.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid).map(describe)
  )
  return found.filter((text) => text !== undefined)

  async function describe(pid) {
    try {
      const [environment, status, line] = await Promise.all(
        ['environ', 'status', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8'))
      )
      const isOurs = environment.split('\0').includes(`TMPDIR=${folder}`)
      if (!isOurs || status.includes(`\nPPid:\t${process.pid}\n`)) return undefined
      return `process ${pid}: ${line.replaceAll('\0', ' ').slice(0, 200)}`
    } catch {
      // It has ended, or is somebody else's.
      return undefined
    }
  }
}
