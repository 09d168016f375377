import { cp, lstat, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { npm } from '../scripts/steps/command.mjs'
import { temporaryFolders } from './support/folder'
import { node, root } from './support/processes'

/** A project that has installed the packed tarball and nothing else. */
const project = temporaryFolders()()

beforeAll(async () => {
  const tarball = (await node(['scripts/pack.mjs'])).trim()
  await writeFile(join(project, 'package.json'), '{ "name": "user", "private": true }')
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball]
  await npm(args, { cwd: project, quiet: true })
}, 120_000)

const installed = (...path: string[]) => join(project, 'node_modules', 'studio-multidb', ...path)

it('is a copy of its own, without dependencies and install scripts', async () => {
  expect((await lstat(installed())).isSymbolicLink()).toBe(false)
  const packages = await readdir(join(project, 'node_modules'))
  expect(packages.filter((name) => !name.startsWith('.'))).toEqual(['studio-multidb'])
})

it('holds the addon, the compiled JavaScript, the migrations and the route files', async () => {
  const files = await readdir(installed())
  expect(files).toEqual(
    expect.arrayContaining(['dist', 'index.d.ts', 'index.js', 'migrations', 'package.json'])
  )
  expect(files.some((name) => name.endsWith('.node'))).toBe(true)
  expect(files).not.toContain('src')
  const routes = await readdir(installed('studio', 'pages', 'api', 'platform'))
  expect(routes.sort()).toEqual(['bun', 'databases', 'mongodb', 'multidb', 'postgres', 'redis'])
})

const answer = `new ConnectionManager({ logLevel: 'off' }).handle({
  method: 'GET', path: '/api/platform/multidb/health'
}).then(({ status, body }) => console.log(typeof createApiHandler, status, JSON.parse(body).data.version))`

it('is required from CommonJS, answers, and lets Node exit', async () => {
  const program = `
    const { ConnectionManager } = require('studio-multidb')
    const { createApiHandler } = require('studio-multidb/next')
    ${answer}`
  const output = await node(['-e', program], { cwd: project })
  expect(output.trim()).toBe('function 200 0.1.0')
})

it('is imported by name from an ES module', async () => {
  const program = `
    import { ConnectionManager } from 'studio-multidb'
    import { createApiHandler } from 'studio-multidb/next'
    ${answer}`
  const output = await node(['--input-type=module', '-e', program], { cwd: project })
  expect(output.trim()).toBe('function 200 0.1.0')
})

it('says how its command is used', async () => {
  const failure = await node([installed('dist', 'cli.js')], { cwd: project }).catch(
    (error: { stderr: string }) => error.stderr
  )
  expect(failure).toContain('studio-multidb <command>')
})

it.each(['node16', 'bundler'])(
  'has types that hold under strict with moduleResolution %s',
  async (moduleResolution) => {
    const source = `
      import { ConnectionManager, DatabaseError, type HandleResponse } from 'studio-multidb'
      import { createApiHandler, createWebHandler } from 'studio-multidb/next'
      import { createServer, type IncomingMessage } from 'node:http'

      const manager = new ConnectionManager()
      createServer(
        createApiHandler(manager, {
          getUser: (req: IncomingMessage) => req.headers['x-user']?.toString(),
          fallthrough: (_req, res) => res.end(),
        })
      )
      export const handler: (request: Request) => Promise<Response> = createWebHandler(manager)
      export async function answer(signal: AbortSignal): Promise<HandleResponse | number> {
        try {
          return await manager.handle({ method: 'GET', path: '/api/platform/databases' }, signal)
        } catch (error) {
          return error instanceof DatabaseError ? error.statusCode : 500
        }
      }
    `
    await cp(join(root, 'node_modules', '@types'), join(project, 'node_modules', '@types'), {
      recursive: true,
    })
    await cp(
      join(root, 'node_modules', 'undici-types'),
      join(project, 'node_modules', 'undici-types'),
      { recursive: true }
    )
    await writeFile(join(project, 'use.ts'), source)
    const compilerOptions = {
      target: 'es2022',
      module: moduleResolution === 'node16' ? 'node16' : 'esnext',
      moduleResolution,
      lib: ['es2023'],
      types: ['node'],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
    }
    const config = { compilerOptions, files: ['use.ts'] }
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const problems = await node([tsc, '-p', project]).then(
      () => '',
      (error: { stdout: string }) => error.stdout
    )
    expect(problems).toBe('')
  },
  60_000
)
