// A Studio in platform mode, with tables, users and an authentication of its own, follows the five steps of
// the README to the letter: then its users are logged in, and its build has the addon where it is needed.

import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { type Host, startHost } from './support/host'
import { adoptedStudio, script } from './support/older-studio'
import { node, root } from './support/processes'
import { newDatabase, newKey, required, sql } from './support/stack'
import { Messages } from './support/websocket'

const MINUTES = 60_000
const app = join(root, '.cache', 'adopted-studio')
const next = join('node_modules', 'next', 'dist', 'bin', 'next')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

const OWNER = '00000000-0000-4000-8000-000000000021'
const READER = '00000000-0000-4000-8000-000000000022'
const BILLING = '00000000-0000-4000-8000-000000000023'
const NOBODYS = '00000000-0000-4000-8000-000000000099'

let env: Record<string, string>
let host: Host | undefined
const said: Record<string, string> = {}

/** Runs the package's program where `npx studio-multidb` finds it: in the Studio's folder. */
const npx = (...args: string[]) =>
  execFileSync(process.execPath, [join('node_modules', '.bin', 'studio-multidb'), ...args], {
    cwd: app,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })

/** The package as pnpm and the registry lay it out: linked, and its binary in a package of its own. */
function layOut() {
  const modules = join(app, 'node_modules')
  const store = join(modules, '.pnpm', 'studio-multidb@0.1.0', 'node_modules')
  mkdirSync(store, { recursive: true })
  renameSync(join(modules, 'studio-multidb'), join(store, 'studio-multidb'))
  symlinkSync(
    join('.pnpm', 'studio-multidb@0.1.0', 'node_modules', 'studio-multidb'),
    join(modules, 'studio-multidb')
  )
  for (const binary of readdirSync(join(store, 'studio-multidb')).filter((name) =>
    name.endsWith('.node')
  )) {
    const platform = binary.split('.')[1]!
    const home = join(store, `studio-multidb-${platform}`)
    mkdirSync(home)
    renameSync(join(store, 'studio-multidb', binary), join(home, binary))
    cpSync(join(root, 'npm', platform, 'package.json'), join(home, 'package.json'))
  }
}

/** What the README says to add to `next.config.js`. */
function nextConfig(): string {
  const step = /2\. Tell Next[^]*?```js\n([^]*?)```/.exec(readme)
  if (!step) throw new Error('the README has no second step with code')
  return `module.exports = {
    output: 'standalone',
    outputFileTracingRoot: __dirname,
    ${step[1]}
  }`
}

beforeAll(async () => {
  await node(['scripts/studio.mjs'])
  rmSync(app, { recursive: true, force: true })
  cpSync(join(root, '__test__/fixtures/adopted-studio'), app, { recursive: true })
  // Hundreds of megabytes are not copied where files can share them.
  const [from, to] = [join(root, 'studio', 'node_modules'), join(app, 'node_modules')]
  if (process.platform === 'linux') execFileSync('cp', ['-al', from, to])
  else cpSync(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE })
  layOut()
  writeFileSync(join(app, 'next.config.js'), nextConfig())

  const databaseUrl = await newDatabase()
  for (const text of adoptedStudio) await script(databaseUrl, text)
  await sql(
    databaseUrl,
    `INSERT INTO platform.users (id, email) VALUES ('${BILLING}', 'b@example.com')`
  )
  await sql(
    databaseUrl,
    `INSERT INTO platform.organization_members (organization_id, user_id, role)
     VALUES ('00000000-0000-4000-8000-000000000001', '${BILLING}', 'billing_admin')`
  )
  env = {
    DATABASE_URL: databaseUrl,
    DATABASE_ENCRYPTION_KEY: newKey(),
    MULTIDB_ALLOWED_HOSTS: '*.railway.internal,127.0.0.1',
    NEXT_PUBLIC_IS_PLATFORM: 'true',
    NEXT_TELEMETRY_DISABLED: '1',
    SESSIONS: JSON.stringify({ owner: OWNER, reader: READER, billing: BILLING, nobody: NOBODYS }),
    LOG_LEVEL: 'off',
  }
  said.dry = npx('migrate', '--dry-run')
  said.migrate = npx('migrate')
  said.init = npx('init', '.')
  said.build = execFileSync(process.execPath, [next, 'build'], {
    cwd: app,
    env: { ...process.env, ...env, NEXT_IGNORE_INCORRECT_LOCKFILE: '1' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  host = await startHost(
    (port) => [next, 'start', '-p', String(port), '-H', '127.0.0.1'],
    { cwd: app, env: { ...env, NODE_ENV: 'production' } },
    { authorization: 'Bearer owner' }
  )
}, 10 * MINUTES)

afterAll(async () => {
  await host?.stop()
  rmSync(app, { recursive: true, force: true })
})

/** One request of a user's, by their session. */
async function ask(session: string | undefined, path: string, body?: object, method?: string) {
  const response = await fetch(`${host!.url}/api/platform${path}`, {
    method: method ?? (body ? 'POST' : 'GET'),
    headers: {
      ...(session && { authorization: `Bearer ${session}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, text, data: (JSON.parse(text) as { data?: any }).data }
}

test('the dry run, the migration and init say what will break, and what was done', () => {
  const [planned, done] = [said.dry!, said.migrate!].map((text) => JSON.parse(text))
  expect(planned.imported).toEqual(done.imported)
  expect(planned.readers.length).toBeGreaterThan(10)
  expect(said.init).toMatch(/wrote +lib\/multidbSockets\.ts/)
  expect(said.init).not.toMatch(/TO DO/)
  for (const does of ['reads', 'writes']) {
    expect(said.init).toMatch(new RegExp(`${does} +lib/api/platform/databases\\.ts`))
  }
})

test('a logged-in user is known, and sees and does what their role allows', async () => {
  const owned = await ask('owner', '/databases?limit=100')
  expect([owned.status, owned.data.databases.length]).toEqual([200, 8])
  expect(owned.text).not.toMatch(/-secret/)
  const read = await ask('reader', '/databases?limit=100')
  expect([read.status, read.data.databases.length]).toEqual([200, 5])
  for (const session of ['billing', 'nobody']) {
    expect((await ask(session, '/databases?limit=100')).data.databases).toEqual([])
  }
  for (const session of [undefined, 'unknown']) {
    expect((await ask(session, '/databases')).status).toBe(401)
  }
})

test('a connection is registered and used, and then a second one', async () => {
  const connection = (name: string, more: object = {}) => ({
    projectRef: 'shop',
    name,
    type: 'redis',
    connectionString: required('TEST_REDIS_URL'),
    ...more,
  })
  expect((await ask('reader', '/databases', connection('denied'))).status).toBe(403)
  expect((await ask('owner', '/databases', connection('first', { is_primary: true }))).status).toBe(
    201
  )
  expect((await ask('owner', '/redis/shop/keys')).status).toBe(200)
  expect((await ask('owner', '/databases', connection('second'))).status).toBe(201)
  expect((await ask('owner', '/redis/shop/keys')).status).toBe(200)
  expect((await ask('reader', '/redis/shop/keys?identifier=second')).status).toBe(200)
  expect((await ask('owner', '/databases', connection('third', { is_primary: true }))).status).toBe(
    201
  )
  expect((await ask('owner', '/redis/shop/keys')).status).toBe(200)
  const metadata = { ...connection('metadata'), connectionString: 'redis://169.254.169.254:6379' }
  expect((await ask('owner', '/databases', metadata)).status).toBe(403)
})

test('sockets know their user by the Studio’s own authentication', async () => {
  const url = `${host!.url.replace('http:', 'ws:')}/api/platform/redis/shop/pubsub/subscribe?channels=news`
  const origin = host!.url
  const socket = await Messages.of(
    new WebSocket(url, ['studio-multidb', 'bearer.owner'], { origin })
  )
  expect(await socket.next()).toEqual({ type: 'subscribed', channel: 'news' })
  for (const protocols of [[], ['studio-multidb', 'bearer.unknown']]) {
    const refused = new WebSocket(url, protocols, { origin })
    const [error] = (await once(refused, 'error')) as [Error]
    expect(error.message).toContain('401')
  }
})

test('the addon is traced by our routes and the sockets alone, and is in the standalone output once', () => {
  const files = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? files(path) : entry.isFile() ? [path] : []
    })
  const server = join(app, '.next', 'server')
  const tracing = files(server)
    .filter((path) => path.endsWith('.nft.json'))
    .filter((path) => /studio-multidb\.[\w-]+\.node/.test(readFileSync(path, 'utf8')))
    .map((path) => path.slice(server.length + 1).replace('.js.nft.json', ''))
  const api = 'pages/api/platform'
  expect(tracing.sort()).toEqual([
    'instrumentation',
    `${api}/bun/[scope]/[...path]`,
    `${api}/databases/[[...path]]`,
    `${api}/mongodb/[scope]/[...path]`,
    `${api}/multidb/[...path]`,
    `${api}/postgres/[scope]/[...path]`,
    `${api}/redis/[scope]/[...path]`,
  ])
  const standalone = join(app, '.next', 'standalone')
  const binaries = files(standalone).filter((path) => /studio-multidb\.[\w-]+\.node$/.test(path))
  expect(binaries).toHaveLength(1)
  expect(existsSync(join(standalone, 'server.js'))).toBe(true)
})
