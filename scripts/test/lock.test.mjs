import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { root } from '../steps/command.mjs'

for (const folder of ['.', 'studio']) {
  // npm leaves a platform's binaries out where the registry in use does not offer them:
  // `npm install --package-lock-only` at one that does adds them.
  test(`every package that ${folder} locks, for whichever platform, has its digest`, async () => {
    const lock = JSON.parse(await readFile(join(root, folder, 'package-lock.json'), 'utf8'))
    const { '': _, ...packages } = lock.packages
    const unsealed = Object.keys(packages).filter((path) => !packages[path].integrity)
    assert.deepEqual(unsealed, [])
    const optional = Object.values(lock.packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies)
    )
    const locked = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)))
    assert.deepEqual(
      [...new Set(optional)].filter((name) => !locked.has(name)),
      []
    )
  })
}
