// `node scripts/steps/generate.mjs`: writes `openapi.json` as the built addon answers it.

import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { root } from './command.mjs'

async function generate() {
  const addon = join(root, 'index.js')
  const { NativeManager } = createRequire(addon)(addon)
  const path = '/api/platform/multidb/openapi.json'
  const { body } = await new NativeManager({}, '{}').handle({ method: 'GET', path })
  const document = JSON.parse(body.toString())
  await writeFile(join(root, 'openapi.json'), `${JSON.stringify(document, null, 1)}\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await generate()
