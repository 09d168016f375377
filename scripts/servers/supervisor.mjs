// The process that owns the servers. It is a child of the program that wants them, and when the
// channel to that program ends, for whatever reason, SIGKILL included, it ends the servers and
// removes their temporary folders. It runs in its own session, so that Ctrl-C in a terminal
// reaches the program only and the servers still get an orderly end.
//
// Messages: { id, do, ... } in; { id, value } or { id, error } out; { exited, code, signal } out.

import { spawn } from 'node:child_process'
import { chownSync, closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** How long a server may take to end in its own way. */
const GRACE_MS = 15_000

/** @type {Map<number, { child: import('node:child_process').ChildProcess, stopSignal: string }>} */
const servers = new Map()
const folders = new Set()
let ending = false

const actions = {
  folder({ base, uid, gid }) {
    const folder = mkdtempSync(join(base, 'studio-multidb-'))
    folders.add(folder)
    if (uid !== undefined) chownSync(folder, uid, gid)
    return folder
  },

  removeFolder({ folder }) {
    if (!folders.delete(folder)) return
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  },

  async start({ command, args, env, cwd, uid, gid, log, stopSignal }) {
    const out = openSync(log, 'a')
    const child = spawn(command, args, { cwd, env, uid, gid, stdio: ['ignore', out, out] })
    closeSync(out)
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    servers.set(child.pid, { child, stopSignal })
    child.once('exit', (code, signal) => {
      servers.delete(child.pid)
      if (!ending && process.connected) process.send({ exited: child.pid, code, signal })
    })
    return child.pid
  },

  signal({ pid, signal }) {
    return servers.get(pid)?.child.kill(signal) ?? false
  },

  stop({ pid, signal }) {
    return stopServer(servers.get(pid), signal)
  },
}

/** Sends the server's own stop signal, or another, and SIGKILL when that takes too long. */
function stopServer(server, signal) {
  if (!server) return undefined
  const { child, stopSignal } = server
  return new Promise((resolve) => {
    const insist = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
    child.once('exit', () => {
      clearTimeout(insist)
      resolve()
    })
    // A server that a test has paused would not see any other signal.
    if (signal !== 'SIGKILL') child.kill('SIGCONT')
    child.kill(signal ?? stopSignal)
  })
}

async function end() {
  if (ending) return
  ending = true
  await Promise.all([...servers.values()].map((server) => stopServer(server)))
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    } catch {
      // A folder that can't be removed must not keep the others.
    }
  }
  process.exit(0)
}

process.on('disconnect', end)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end)

process.on('message', async ({ id, do: action, ...request }) => {
  let reply
  try {
    reply = { id, value: await actions[action](request) }
  } catch (error) {
    reply = { id, error: error.message }
  }
  // A server that was being started when the end began has missed it.
  if (ending) for (const server of servers.values()) server.child.kill('SIGKILL')
  if (process.connected) process.send(reply)
})

// The program may have died while this one was still loading.
if (!process.connected) end()
