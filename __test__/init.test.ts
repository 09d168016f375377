// `studio-multidb init`: it looks at the Studio before it writes, and says what it could not tell.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from './support/processes'

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

/** A Studio of these files, after `init`. */
function studio(files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'studio-init-'))
  folders.push(folder)
  for (const [name, text] of Object.entries({ 'package.json': '{}', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const init = () =>
    execFileSync(process.execPath, [join(root, 'dist/cli.js'), 'init', folder], {
      encoding: 'utf8',
    })
  const said = init()
  const sockets = readFileSync(join(folder, 'lib/multidbSockets.ts'), 'utf8')
  return { folder, said, sockets, init }
}

const authenticate = (code: string) => studio({ 'lib/api/apiAuthenticate.ts': code })

describe('the file for sockets fits the Studio’s own apiAuthenticate', () => {
  test.each([
    [
      'of the host',
      readFileSync(join(root, 'studio/lib/api/apiAuthenticate.ts'), 'utf8'),
      'Synchronous',
    ],
    [
      'that is async, and takes a response',
      `export async function apiAuthenticate(
        req: NextApiRequest, // not , a comma
        res: NextApiResponse<{ a: string, b: [number, number] }>
      ): Promise<UserContext | { error: ResponseError }> { return await find(req) }`,
      'Asynchronous',
    ],
    ['that is an arrow', 'export const apiAuthenticate = async (req, res) => 1', 'Asynchronous'],
    [
      'that has a type',
      'export const apiAuthenticate: Fn<A> = async (req: Req) => 1',
      'Asynchronous',
    ],
    ['of one bare word', 'export const apiAuthenticate = req => req.user', 'Synchronous'],
    [
      'that is exported later',
      'async function apiAuthenticate(req) {}\nexport { apiAuthenticate }',
      'Asynchronous',
    ],
    [
      'with more that may be left out',
      'export function apiAuthenticate(req, res, strict = true) {}',
      'Synchronous',
    ],
  ])('%s', (_, code, kind) => {
    const { sockets, said } = authenticate(code)
    expect(sockets).toContain("import { apiAuthenticate } from './api/apiAuthenticate'")
    expect(sockets).toContain('authenticatedBy(apiAuthenticate)')
    expect(sockets).toContain(`// ${kind}, of `)
    expect(said).not.toMatch(/TO DO.*Sockets/)
  })

  test('that is the default export', () => {
    const { sockets } = authenticate('export default async function authenticate(req, res) {}')
    expect(sockets).toContain("import apiAuthenticate from './api/apiAuthenticate'")
  })

  test('that another file defines', () => {
    const { sockets } = studio({
      'lib/api/apiAuthenticate/index.ts': "export { apiAuthenticate } from './session'",
      'lib/api/apiAuthenticate/session.ts': 'export async function apiAuthenticate(req, res) {}',
    })
    expect(sockets).toContain('// Asynchronous, of the request and a response.')
  })

  test.each([
    ['is missing', undefined],
    ['exports something else', 'export function authenticate(req) {}'],
    ['is only spoken of', '// export function apiAuthenticate(req) {}'],
    ['is made by a call', 'export const apiAuthenticate = withTracing(authenticate)'],
    ['wants a third argument', 'export function apiAuthenticate(req, res, scopes: string[]) {}'],
    ['wants a web Request', 'export async function apiAuthenticate(request: Request) {}'],
  ])('says so, in the file too, where it %s: and lets nobody in', (_, code) => {
    const { sockets, said } = code === undefined ? studio({}) : authenticate(code)
    expect(said).toMatch(/TO DO +lib\/multidbSockets\.ts: .*refused/)
    expect(sockets).toMatch(/TO DO: how this Studio authenticates could not be told/)
    expect(sockets).toMatch(/throw new Error/)
    expect(sockets).not.toContain('import { apiAuthenticate }')
  })

  test('is the one that the host has', () => {
    const host = join(root, 'studio')
    const folder = mkdtempSync(join(tmpdir(), 'studio-init-'))
    folders.push(folder)
    cpSync(join(host, 'package.json'), join(folder, 'package.json'))
    cpSync(join(host, 'lib/api'), join(folder, 'lib/api'), { recursive: true })
    cpSync(join(host, 'lib/constants.ts'), join(folder, 'lib/constants.ts'))
    execFileSync(process.execPath, [join(root, 'dist/cli.js'), 'init', folder])
    const written = (at: string) => readFileSync(join(at, 'lib/multidbSockets.ts'), 'utf8')
    expect(written(folder)).toBe(written(host))
  })
})

test('files that query the table are named with their lines, and with what they do', () => {
  const { said } = studio({
    'lib/api/platform/databases.ts':
      'const q = `\n  SELECT * FROM platform.databases WHERE id = $1`',
    'lib/api/write.ts': 'sql(`INSERT INTO platform.databases (name) VALUES ($1)`)',
    'pages/api/v2/[id].js': 'sql("update Platform.Databases SET name = 1")',
    'scripts/quoted.mjs': `sql('DELETE FROM "platform"."databases"')`,
    'lib/safe.ts': 'sql(`SELECT * FROM platform.databases_safe`)',
    'lib/built.ts': "db.schema('platform').from('databases').insert({})",
    'migrations/9.sql': 'MERGE INTO platform.databases USING x',
    'lib/others.ts': 'platform.databases_with_projects; platform.databasesX; my_platform.databases',
    'node_modules/x/index.js': 'platform.databases',
    '.next/server.js': 'platform.databases',
  })
  const lines = said.split('\n').filter((line) => /^ {2}(reads|writes)/.test(line))
  expect(lines.map((line) => line.trim().split(/\s+/).join(' ')).sort()).toEqual([
    'reads lib/api/platform/databases.ts:2',
    'reads lib/safe.ts:1',
    'writes lib/api/write.ts:1',
    'writes lib/built.ts:1',
    'writes migrations/9.sql:1',
    'writes pages/api/v2/[id].js:1',
    'writes scripts/quoted.mjs:1',
  ])
})

test('what is there already is kept and named, and a second run writes nothing', () => {
  const { said, init, folder } = studio({ 'instrumentation.ts': 'export const mine = 1' })
  expect(said).toMatch(/kept +instrumentation\.ts .*serveSockets\(\)/)
  expect(readFileSync(join(folder, 'instrumentation.ts'), 'utf8')).toBe('export const mine = 1')
  expect(init()).not.toMatch(/^wrote/m)
})

test('a wrapper that the routes could not import is named', () => {
  expect(studio({}).said).toMatch(/TO DO .*there is none/)
  const named = studio({ 'lib/api/apiWrapper.ts': 'export async function apiWrapper() {}' })
  expect(named.said).toMatch(/TO DO .*default export/)
})
