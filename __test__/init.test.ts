// `studio-multidb init`: it looks at the Studio before it writes, and says what it could not tell.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { temporaryFolders } from './support/folder'
import { root } from './support/processes'

// Many Studios are looked at: a process for each would take minutes.
const { init } = jest.requireActual<typeof import('../js/init')>('../dist/init/index.js')

const temporaryFolder = temporaryFolders()

/** A Studio of these files, after `init`. */
function studio(files: Record<string, string>) {
  const folder = temporaryFolder()
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

/** What `init` says to a Studio of these files, and which files are there afterwards. */
function visit(files: string[], text = 'export default 1') {
  const folder = temporaryFolder()
  for (const name of new Set(['package.json', ...files])) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), files.includes(name) ? text : '{}')
  }
  const lines: string[] = []
  const isDone = init(folder, (line) => lines.push(line))
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  const wrote = names.filter((name) => name !== 'package.json' && !files.includes(name))
  return { isDone, said: lines.join('\n'), wrote }
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
      'export const apiAuthenticate: Fn<A> = async (req: NextApiRequest) => 1',
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
    [
      'whose request has another name here',
      'import type { NextApiRequest as Req } from "next"\nexport function apiAuthenticate(req: Req) {}',
      'Synchronous',
    ],
    [
      'whose request has more',
      'interface Asked extends NextApiRequest { a: 1 }\nexport async function apiAuthenticate(r: Asked, res?: http.ServerResponse<X>): Promise<{ ok: true; id: string } | false> { return true }',
      'Asynchronous',
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
    ...[
      '({ req, res }: Context) {}',
      '({ req, res }) {}',
      '() {}',
      '(token: string) {}',
      '(token) {}',
      '(headers: Headers) {}',
      '(headers) {}',
      '(context: GetServerSidePropsContext) {}',
      '(request: string) {}',
      '(req: FastifyRequest) {}',
      '(...args) {}',
      '(res: NextApiResponse, req: NextApiRequest) {}',
      '(res, req) {}',
      '(req, options = {}) {}',
      '(req, role: string) {}',
      '(req, next) {}',
      '(req: NextApiRequest): Promise<boolean> { return ok(req) }',
      '(req, res): boolean { return ok(req) }',
      '(req): true | undefined { return ok(req) }',
      '(req): Promise<void> {}',
    ].map((code): [string, string] => [
      `is ${code}`,
      `export async function apiAuthenticate${code}`,
    ]),
    ['is curried', 'export const apiAuthenticate = (options) => async (req, res) => find(req)'],
    ['is curried by a request', 'export const apiAuthenticate = (req) => async (res) => find(req)'],
    [
      'is an arrow that says whether',
      'export const apiAuthenticate = async (req): Promise<boolean> => ok(req)',
    ],
    [
      'wants a web Request by another name',
      'import { NextRequest as R } from "next/server"\nexport async function apiAuthenticate(req: R) {}',
    ],
    [
      'wants one by the name of the other',
      'import { NextRequest as NextApiRequest } from "next/server"\nexport async function apiAuthenticate(req: NextApiRequest) {}',
    ],
    [
      'has a type of its own',
      'type NextApiRequest = { token: string }\nexport async function apiAuthenticate(req: NextApiRequest) {}',
    ],
    [
      'has overloads',
      'export function apiAuthenticate(req: NextApiRequest): A\nexport function apiAuthenticate(req, res?, next?) {}',
    ],
  ])('says so, in the file too, where it %s: and lets nobody in', (_, code) => {
    const { sockets, said } = code === undefined ? studio({}) : authenticate(code)
    expect(said).toMatch(/TO DO +lib\/multidbSockets\.ts: .*refused/)
    expect(sockets).toMatch(/TO DO: how this Studio authenticates could not be told/)
    expect(sockets).toMatch(/throw new Error/)
    expect(sockets).not.toContain('import { apiAuthenticate }')
  })

  test('is the one that the host has', () => {
    const host = join(root, 'studio')
    const folder = temporaryFolder()
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

describe('queries are found', () => {
  const found = (files: Record<string, string>) =>
    studio(files)
      .said.split('\n')
      .filter((line) => /^ {2}(reads|writes)/.test(line))
      .map((line) => line.trim().split(/\s+/).join(' '))

  test.each([
    ['reads', "db.schema('platform').from<Row>('databases').select()"],
    ['writes', "db\n  .schema('platform')\n  .from('databases')\n  .insert({})"],
    ['reads', "createClient(u, k, { db: { schema: 'platform' } }).from('databases').select()"],
    ['reads', "knex.withSchema('platform').from('databases')\nother.update({})"],
    ['writes', "knex.withSchema('platform').from('databases').where({ id: 1 }).del()"],
    ['writes', "knex('databases').withSchema('platform').insert({})"],
    ['reads', "export const dbs = pgSchema('platform').table('databases', {})"],
    ['writes', "db.withSchema('platform').insertInto('databases').values({})"],
    ['reads', "sql`SELECT 1 FROM ${sql.identifier(['platform', 'databases'])}`"],
    ['reads', "q('SET search_path TO platform'); q('SELECT * FROM databases WHERE id = $1')"],
    ['writes', "q('SET search_path = platform, public'); q('UPDATE databases SET x = 1')"],
    ['reads', "fetch('/rest/v1/databases', { headers: { 'Accept-Profile': 'platform' } })"],
    ['writes', "q('TRUNCATE platform.databases')"],
    ['writes', "q('TRUNCATE TABLE ONLY a.b, platform.databases CASCADE')"],
    ['writes', "q('COPY platform.databases (a, b) FROM STDIN')"],
    ['reads', "q('COPY platform.databases TO STDOUT')"],
    ['reads', "q('INSERT INTO copies SELECT * FROM platform.databases')"],
    ['reads', "q('SELECT * FROM platform.databases FOR UPDATE')"],
    ['writes', "q('INSERT INTO\\n  platform.databases (a) VALUES (1)')"],
    ['writes', 'q("DELETE FROM ONLY \\"platform\\".\\"databases\\"")'],
    ['writes', "q('ALTER TABLE IF EXISTS platform.databases ADD x int')"],
    ['writes', "q('CREATE TRIGGER t AFTER INSERT ON platform.databases')"],
  ])('that %s: %s', (does, code) => {
    const lines = found({ 'lib/a.ts': code })
    expect(lines.map((line) => line.replace(/:\d+$/, ''))).toEqual([`${does} lib/a.ts`])
  })

  test('of a client or a search path that another file sets', () => {
    const files = {
      'lib/client.ts': "export const db = createClient(u, k, { db: { schema: 'platform' } })",
      'lib/pool.ts': "new Pool({ options: '-c search_path=platform' })",
      'lib/use.ts': "db.from('databases').delete()\npool.query('SELECT 1 FROM databases')",
      'lib/other.ts': "router.push('databases')",
    }
    expect(found(files)).toEqual(['writes lib/use.ts:1', 'reads lib/use.ts:2'])
  })

  test('and not what other schemas have', () => {
    const code = "db.schema('public').from('databases'); q('SELECT * FROM databases')"
    expect(found({ 'lib/a.ts': code })).toEqual([])
  })

  test.each(['mts', 'cts', 'sh', 'py', 'sql', 'vue', 'yml'])('in files with .%s', (ending) => {
    const text = 'psql -c "delete from platform.databases"'
    expect(found({ [`a/x.${ending}`]: text })).toEqual([`writes a/x.${ending}:1`])
  })

  test('in a schema of Prisma', () => {
    const text = 'model Database {\n  @@map("databases")\n  @@schema("platform")\n}'
    expect(found({ 'prisma/schema.prisma': text })).toEqual(['reads prisma/schema.prisma:2'])
  })

  test.each(['build', 'out', 'dist', 'coverage'])('below %s, but at the top', (name) => {
    const text = 'select * from platform.databases'
    const files = { [`${name}/a.sql`]: text, [`lib/${name}/b.sql`]: text }
    expect(found(files)).toEqual([`reads lib/${name}/b.sql:1`])
  })

  test.each(['node_modules', '.next', '.git'])('nowhere below %s', (name) => {
    const text = 'select * from platform.databases'
    expect(found({ [`${name}/a.sql`]: text, [`lib/${name}/b.sql`]: text })).toEqual([])
  })
})

test('it says what a Studio with a name and without logins needs', () => {
  expect(studio({}).said).toMatch(/^ {2}MULTIDB_ALLOWED_ORIGINS=https/m)
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

describe('a Studio that has routes of its own', () => {
  const ENDINGS = ['ts', 'tsx', 'js', 'jsx', 'mjs']
  const TYPES = ['redis', 'mongodb', 'postgres', 'bun']
  const homes = ['', 'src/']

  test.each(
    homes.flatMap((home) => [
      ...TYPES.map((type) => `${home}pages/api/platform/${type}/[ref]/info`),
      `${home}pages/api/platform/redis/[ref]`,
      `${home}pages/api/platform/redis/[ref]/deep/[key]/index`,
      `${home}pages/api/platform/redis/[scope]/[...rest]`,
      `${home}pages/api/platform/redis/[scope]/[[...path]]`,
      `${home}pages/api/platform/redis/[...path]`,
      `${home}pages/api/platform/redis/[[...path]]`,
      `${home}pages/api/platform/databases/[...path]`,
      `${home}pages/api/platform/databases/[[...rest]]`,
      `${home}pages/api/platform/multidb/[...all]`,
      `${home}app/api/platform/redis/[ref]/info/route`,
      `${home}app/api/(inner)/platform/redis/[ref]/info/route`,
      `${home}app/api/platform/redis/[scope]/[...path]/route`,
    ])
  )('and would not work beside ours is told, and nothing is written: %s', (stem) => {
    for (const ending of ENDINGS) {
      const file = `${stem}.${ending}`
      const { isDone, said, wrote } = visit([file])
      expect([file, isDone, wrote]).toEqual([file, false, []])
      expect(said.split('\n')[0]).toContain(`BREAKS  ${file}: `)
      expect(said).toMatch(/(rename|move|remove) /)
      expect(said).toMatch(/^nothing was written/m)
    }
  })

  test.each(
    homes.flatMap((home) => [
      `${home}pages/api/platform/databases/index`,
      `${home}pages/api/platform/databases`,
      `${home}pages/api/platform/databases/[id]`,
      `${home}pages/api/platform/databases/export/all`,
      `${home}pages/api/platform/redis/[scope]/info`,
      `${home}pages/api/platform/redis/health/check`,
      `${home}pages/api/platform/multidb/health`,
      `${home}app/api/platform/databases/route`,
    ])
  )('that are asked before ours is told so first: %s', (stem) => {
    for (const ending of ENDINGS) {
      const file = `${stem}.${ending}`
      const { isDone, said, wrote } = visit([file])
      expect([file, isDone]).toEqual([file, true])
      expect(said.split('\n')[0]).toContain(`FIRST   ${file}: it goes on answering /api/platform/`)
      expect(wrote.length).toBe(9)
    }
  })

  test.each([
    'pages/api/platform/projects/[ref]/index.ts',
    'pages/api/platform/[other]/info.ts',
    'pages/api/platform/[...all].ts',
    'pages/api/[ref].ts',
    'pages/api/platform/redis/health.ts',
    'pages/api/platform/redis/[ref]/notes.md',
    'pages/api/platform/redis/[ref]/info.test.ts',
    'pages/platform/redis/[ref].tsx',
    'app/api/platform/redis/[ref]/info/helper.ts',
  ])('and gets along with ours is not told anything: %s', (file) => {
    const { isDone, said, wrote } = visit([file])
    expect([isDone, wrote.length]).toEqual([true, 9])
    expect(said).not.toMatch(/BREAKS|FIRST/)
  })

  test.each(homes.flatMap((home) => ENDINGS.map((ending): [string, string] => [home, ending])))(
    'below %p keeps what it has by another ending: .%s',
    (home, ending) => {
      const stems = ['instrumentation', 'lib/multidb', 'lib/multidbSockets']
      const route = 'pages/api/platform/redis/[scope]/[...path]'
      const files = [...stems, route, 'pages/index'].map((stem) => `${home}${stem}.${ending}`)
      const { said, wrote } = visit(files)
      for (const file of files.slice(0, 4)) expect(said).toContain(`kept    ${file} `)
      expect(said).toMatch(/instrumentation\.\w+ .*serveSockets\(\)/)
      expect(wrote.length).toBe(5)
      for (const file of wrote) expect(file).toMatch(new RegExp(`^${home}pages/api/platform/`))
    }
  )
})

describe('queries are found that are put together', () => {
  const lines = (file: string, text: string) =>
    visit([file], text)
      .said.split('\n')
      .filter((line) => /^ {2}(reads|writes|maybe)/.test(line))
      .map((line) => line.trim().split(/\s+/).join(' '))

  test.each([
    ['reads a.ts:2', "const TABLE = 'databases'\nq(`SELECT * FROM platform.${TABLE}`)"],
    ['writes a.ts:2', "const S = 'platform'\nq(`update ${S}.databases set a = 1`)"],
    ['writes a.ts:2', "const S = 'platform', T = 'databases'\nq(`update ${S}.${T} set a = 1`)"],
    ['writes a.ts:2', "const T = 'platform.databases'\nq('DELETE FROM ' + T + ' WHERE a')"],
    ['writes a.ts:1', "sql`delete from ${sql('platform')}.${sql('databases')}`"],
    ['reads a.ts:1', "$queryRaw`from ${Prisma.raw('platform')}.${Prisma.raw('databases')}`"],
    ['writes a.ts:1', "q('UPDATE platform.' + 'databases SET name = 1')"],
    ['writes a.ts:2', "q('UPDATE ' +\n  'platform.databases SET name = 1')"],
    ['writes a.ts:1', 'sql`update ${platformSchema}.databases set a = 1`'],
    ['maybe a.ts:1', 'q(`SELECT * FROM platform.${table}`)'],
    ['writes a.ts:1', "db.schema('platform').rpc('update_database_health', {})"],
    ['reads a.ts:1', "q('SELECT * FROM platform.get_project_databases($1)')"],
    ['writes a.ts:1', "fetch('/rest/v1/rpc/update_database_health')"],
    ['writes a.ts:1', "q('DELETE FROM /* old */ platform.databases')"],
    ['writes a.ts:3', 'q(`INSERT INTO\n  -- the registry\n  platform.databases (id)`)'],
    ['reads a.ts:1', "q('SELECT 1 /* update */ FROM platform.databases')"],
  ])('%s: %s', (expected, text) => {
    expect(lines('a.ts', text).map((line) => line.replace(/ {2,}/, ' '))).toContain(expected)
  })

  test.each(
    'package.json Makefile Dockerfile a.json a.graphql a.txt a.toml bin/run .env.local .github/x'.split(
      ' '
    )
  )('in %s', (file) => {
    const text = '{ "x": "psql -c \\"delete from platform.databases\\"" }'
    expect(lines(file, text)).toEqual([`writes ${file}:1`])
  })

  test.each(['README.md', 'package-lock.json', 'pnpm-lock.yaml', 'yarn.lock', 'a.map'])(
    'but not in %s',
    (file) => expect(lines(file, 'delete from platform.databases')).toEqual([])
  )

  test.each(['search_path%3Dplatform', 'search_path=platform', 'search_path%3Dpublic%2Cplatform'])(
    'by the search path of a URL: %s',
    (option) => {
      const { said } = studio({
        '.env': `DATABASE_URL=postgresql://u:p@h/d?options=-c${option}`,
        'lib/a.ts': "q('DELETE FROM databases WHERE id = 1')",
      })
      expect(said).toContain('  writes  lib/a.ts:1')
    }
  )

  test('and what can’t be seen is said', () => {
    expect(studio({}).said).toMatch(/No file was found .*\nNot seen: a name that is put together/)
  })
})
