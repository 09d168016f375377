// The README's examples compile against the package's types.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { problemsOf } from './support/compiling'
import { root } from './support/processes'

const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^( *)```ts\n([^]*?)^ *```/gm)].map(([, , code]) => code!)

/** What an example may take for granted: the Studio, and names that another one or the reader has made. */
const around = `
declare module 'next' {
  export type NextApiRequest = import('node:http').IncomingMessage
  export type NextApiResponse = import('node:http').ServerResponse
}
declare module 'lib/multidb' {
  export const multidb: (req: unknown, res: unknown) => Promise<void>
}
declare module 'lib/api/apiWrapper' {
  export default function apiWrapper(...given: unknown[]): Promise<void>
}
declare const manager: import('studio-multidb').ConnectionManager
declare const otherId: string
declare const nextApp: { getRequestHandler(): import('node:http').RequestListener }
declare const getUser: () => Promise<{ id: string } | null>
`

test.each(blocks.map((code) => [code.trim().split('\n')[0]!, code]))('%s', (_, code) => {
  expect(problemsOf(`${code}\nexport {}`, around)).toEqual([])
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
  for (const code of wrong) expect(problemsOf(`${code}\nexport {}`, around)).toHaveLength(1)
})
