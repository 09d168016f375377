// `node scripts/steps/generate.mjs`: writes what is made from the operations table by way of the built
// addon: `openapi.json`, and the types of `js/generated/` from that.

import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { root } from './command.mjs'

/** The files that are written. */
export const GENERATED = ['openapi.json', 'js/generated/schemas.ts', 'js/generated/operations.ts']

const NOTE = '// Generated from openapi.json; not to be edited.\n\n'

async function documentOf() {
  const { NativeManager } = createRequire(join(root, 'index.js'))(join(root, 'index.js'))
  const path = '/api/platform/multidb/openapi.json'
  const manager = new NativeManager({}, '{}')
  const { body } = await manager.handle({ method: 'GET', path })
  return JSON.parse(body.toString())
}

/**
 * The types of all schemas, each under its own name: a type that holds itself is one to TypeScript only
 * where it is not the member of another.
 */
async function schemasOf(document) {
  const { default: openapiTypescript, astToString } = await import('openapi-typescript')
  const options = { defaultNonNullable: false, emptyObjectsUnknown: true }
  const schemas = joined(document.components.schemas)
  const nodes = await openapiTypescript(
    { ...document, paths: {}, components: { schemas } },
    options
  )
  const text = astToString(nodes)
  const members = /^ {4}schemas: \{\n([^]*?)^ {4}\};$/m.exec(text)?.[1]
  const types = (members ?? '')
    .replace(/^ {8}/gm, '')
    .replace(/^(\w+): /gm, 'export type $1 = ')
    .replace(/^ *\/\*\* @constant \*\/\n/gm, '')
    .replace(/^ *(\/\*\*|\*) Format: \w+( \*\/)?\n/gm, '')
    .replace(/@description /g, '')
    .replace(/^( +\*) {5}/gm, '$1 ')
    .replace(/components\["schemas"\]\["(\w+)"\]/g, '$1')
  const missing = Object.keys(schemas).filter((name) => !types.includes(`export type ${name} = `))
  const left = /components\[.*|@(?:constant|description).*/.exec(types)
  if (missing.length > 0 || left) {
    const what = left ? `${left[0]} is left over` : `there is no type for ${missing.join(', ')}`
    throw new Error(
      `openapi-typescript writes schemas in another way than schemasOf reads: ${what}`
    )
  }
  return NOTE + types
}

/** The same schemas; one that refers to another and has members of its own is of both. */
function joined(schema) {
  if (Array.isArray(schema)) return schema.map(joined)
  if (typeof schema !== 'object' || schema === null) return schema
  const { $ref, ...own } = schema
  if ($ref && own.properties) return { allOf: [{ $ref }, joined(own)] }
  return Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, joined(part)]))
}

/** What each operation takes and gives, by its name. */
function operationsOf(document) {
  const { schemas } = document.components
  const lines = []
  const used = new Set()
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
    const name = operation.operationId
    if (name === 'service.call') continue
    const stem = name.replace(/(?:^|[._])(\w)/g, (_, letter) => letter.toUpperCase())
    const kinds = ['Input', 'Answer', 'Record', 'Message', 'Request']
    const members = kinds
      .filter((kind) => schemas[stem + kind])
      .map((kind) => {
        used.add(stem + kind)
        return `${kind.toLowerCase()}: ${stem}${kind}`
      })
    lines.push(`  '${name}': { ${members.join('; ')} }`)
  }
  const roots = new Set(Object.keys(document.paths).map((path) => `'${path.split('/')[3]}'`))
  const names = [...used].sort().join(',\n  ')
  return (
    `${NOTE}import type {\n  ${names},\n} from './schemas'\n\n` +
    `/** Every operation, by its name. */\nexport interface Operations {\n${lines.join('\n')}\n}\n\n` +
    `/** What stands below \`/api/platform\`. */\nexport const ROOTS = [${[...roots].sort().join(', ')}]\n`
  )
}

export async function generate() {
  const document = await documentOf()
  await mkdir(join(root, 'js', 'generated'), { recursive: true })
  const texts = [
    `${JSON.stringify(document, null, 1)}\n`,
    await schemasOf(document),
    operationsOf(document),
  ]
  await Promise.all(GENERATED.map((file, n) => writeFile(join(root, file), texts[n])))
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await generate()
