// What is kept in `.data` from one start to the next: keys and ports.

import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { freePort } from '../servers/ports.mjs'
import { root } from '../steps/command.mjs'

export const dataFolder = join(root, '.data')
const file = join(dataFolder, 'settings.json')
const names = ['postgres', 'redis', 'mongo', 'service']

/**
 * @returns {Promise<{ encryptionKey: string, serviceKey: string, ports: Record<string, number> }>}
 */
export async function loadSettings() {
  await mkdir(dataFolder, { recursive: true })
  const saved = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'))
  const settings = {
    encryptionKey: saved.encryptionKey ?? randomBytes(32).toString('hex'),
    serviceKey: saved.serviceKey ?? randomBytes(16).toString('hex'),
    ports: {},
  }
  for (const name of names) {
    const port = saved.ports?.[name]
    // Registered connections name the port, so it stays the same as long as it is to be had.
    settings.ports[name] = port && (await isFree(port)) ? port : await freePort()
  }
  await writeFile(file, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 })
  return settings
}

/** Whether a program can listen on a port of this machine. */
export function isFree(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host }, () => server.close(() => resolve(true)))
  })
}
