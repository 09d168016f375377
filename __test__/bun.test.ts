import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './support/processes'

const run = promisify(execFile)

/** Bun's program: `BUN_BIN`, or the one on `PATH`. */
const bun = [
  process.env.BUN_BIN,
  ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'bun')),
].find((path) => path && existsSync(path))

if (!bun) console.warn('Bun is not tested: none on PATH, and BUN_BIN is not set')

const withBun = bun ? it : it.skip

withBun('serves requests under Bun', async () => {
  const program = join(root, '__test__', 'fixtures', 'bun.mjs')
  const { stdout } = await run(bun ?? '', [program])
  expect(JSON.parse(stdout)).toEqual({ written: 200, read: [200], key: 'from/bun', equal: true })
})
