// Targets that DNS names by SRV records, in a network of their own: the system's resolver asks whom it
// was told to ask.

import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const script = join(__dirname, 'support', 'srv.mjs')
const folder = mkdtempSync(join(tmpdir(), 'srv-'))
const resolver = join(folder, 'resolv.conf')
writeFileSync(resolver, 'nameserver 127.0.0.1\n')
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a command where this machine has no network but itself, and DNS is asked there. */
const alone = (command: string) => [
  ...['--user', '--map-root-user', '--mount', '--net', 'sh', '-ec'],
  `mount --bind ${resolver} /etc/resolv.conf; ip link set lo up; ${command}`,
]

function canBeAlone(): boolean {
  try {
    execFileSync('unshare', alone('true'), { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const test = canBeAlone() ? it : it.skip

test('SRV records lead to their servers, and nowhere else', async () => {
  const run = promisify(execFile)
  const { stdout } = await run('unshare', alone(`exec '${process.execPath}' '${script}'`))
  const { port, logins, attempts } = JSON.parse(stdout)
  const hosts = [`127.0.0.1:${port}`]
  expect(attempts.good).toMatchObject({ status: 200, replication: { set: 'rs0', hosts } })
  // The TXT record says which replica set it must be, and which database has the users.
  expect(attempts.other).toMatchObject({ status: 503, code: 'DB_CONNECTION_FAILED' })
  expect(attempts.other.message).toContain('"rs1"')
  expect(attempts.login).toMatchObject({ status: 502, code: 'DB_INVALID_CREDENTIALS' })
  expect(attempts.login.message).not.toContain('secret')
  expect(logins).toEqual(['users'])

  expect(attempts.metadata).toMatchObject({ status: 403, code: 'HOST_NOT_ALLOWED' })
  for (const name of ['stray', 'missing']) {
    expect(attempts[name]).toMatchObject({ status: 503, code: 'DB_CONNECTION_FAILED' })
    expect(attempts[name].message).toContain(`_mongodb._tcp.${name}.example.test`)
    expect(attempts[name].connected).toBe(false)
  }
}, 60_000)
