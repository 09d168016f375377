// The README's examples compile against the package's types.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { problemsOf } from './support/compiling'
import { root } from './support/processes'

const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^( *)```ts\n([^]*?)^ *```/gm)].map(([, , code]) => code!)

/** What an example may take for granted: names that another one, or the reader's own code, has made. */
const AROUND = `
import type { ConnectionManager } from 'studio-multidb'
import type { RequestListener } from 'node:http'
declare global {
  const manager: ConnectionManager
  const otherId: string
  const nextApp: { getRequestHandler(): RequestListener }
  const getUser: (request: unknown) => Promise<{ id: string } | null>
}
export {}
`

test.each(blocks.map((code) => [code.trim().split('\n')[0]!, code]))('%s', (_, code) => {
  expect(problemsOf(`${AROUND}\n${code}`)).toEqual([])
})

test('there are some', () => {
  expect(blocks.length).toBeGreaterThan(3)
})

test('a wrong one is told', () => {
  const wrong = [
    "await manager.call('redis.keys.lost', { scope: 'default' })",
    "await manager.call('redis.keys.list', { scope: 'default', patern: '*' })",
    "await manager.call('redis.keys.list', { pattern: '*' })",
    "(await manager.call('redis.keys.list', { scope: 'default' })).kyes",
    "await manager.redis('default').keys.list({ patern: '*' })",
  ]
  for (const code of wrong) expect(problemsOf(`${AROUND}\n${code}`)).toHaveLength(1)
})
