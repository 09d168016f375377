#!/usr/bin/env node
import { cpSync, existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { DatabaseError, fromNative } from './errors'
import { ConnectionManager } from './compat/platform'
import type { DatabaseConnection } from './types'

const USAGE = `studio-multidb <command>

  migrate [--dry-run]   apply the migrations to the platform database (DATABASE_URL)
  rotate-keys           seal every stored secret anew under the first DATABASE_ENCRYPTION_KEY
  doctor                test every registered connection
  init <studio-dir>     write the API route files into a Studio checkout
`

interface MigrationReport {
  migrations: Array<{ name: string; applied: boolean }>
  [fact: string]: unknown
}

/** Prints to the terminal: the one place in the package that does. */
function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function migrate(manager: ConnectionManager, args: string[]): Promise<boolean> {
  const report = await manager.native.migrate(args.includes('--dry-run'))
  say(JSON.stringify(JSON.parse(report) as MigrationReport, null, 2))
  return true
}

async function rotateKeys(manager: ConnectionManager): Promise<boolean> {
  const report = JSON.parse(await manager.native.rotateKeys()) as { failed: unknown[] }
  say(JSON.stringify(report, null, 2))
  return report.failed.length === 0
}

async function doctor(manager: ConnectionManager): Promise<boolean> {
  const databases = manager.databases()
  let cursor: string | null = null
  let healthy = true
  do {
    const page = await databases.list(cursor === null ? {} : { cursor })
    for (const connection of page.databases) {
      healthy = (await examine(manager, connection)) && healthy
    }
    cursor = page.cursor
  } while (cursor !== null)
  return healthy
}

async function examine(manager: ConnectionManager, connection: DatabaseConnection) {
  const result = await manager.databases().test(connection.id)
  const name = `${connection.database_type} ${connection.identifier}`
  say(
    result.success
      ? `ok    ${name}: ${result.version ?? 'unknown version'}, ${result.latency_ms} ms`
      : `FAIL  ${name}: ${result.error} (${result.code})`
  )
  return result.success
}

/** What is to be done by hand where a file was kept. */
const KEPT: Record<string, string> = {
  'instrumentation.ts': '; have its register() call serveSockets() of lib/multidbSockets',
}

/** Copies the route files. A file that is there and differs is left alone and named. */
function init(studio: string | undefined): boolean {
  if (studio === undefined || !existsSync(join(studio, 'package.json'))) {
    say('init needs the directory of a Studio: the one with its package.json')
    return false
  }
  const routes = resolve(__dirname, '..', 'studio')
  const own = ['lib/multidb.ts', 'lib/multidbSockets.ts', 'instrumentation.ts']
  const files = [...own, ...walk(join(routes, 'pages', 'api', 'platform'), routes)]
  for (const file of files) {
    const target = join(studio, file)
    if (existsSync(target)) {
      say(`kept    ${file} (it is there already${KEPT[file] ?? ''})`)
      continue
    }
    cpSync(join(routes, file), target, { recursive: true })
    say(`wrote   ${file}`)
  }
  say("now add serverExternalPackages: ['studio-multidb'] to next.config.js")
  return true
}

function walk(folder: string, root: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? walk(path, root) : [relative(root, path)]
  })
}

async function main([command, ...args]: string[]): Promise<boolean> {
  if (command === 'init') return init(args[0])
  const commands = { migrate, 'rotate-keys': rotateKeys, doctor }
  if (command === undefined || !Object.keys(commands).includes(command)) {
    process.stderr.write(USAGE)
    return false
  }
  const manager = new ConnectionManager()
  try {
    return await commands[command as keyof typeof commands](manager, args)
  } finally {
    await manager.shutdown()
  }
}

main(process.argv.slice(2)).then(
  (ok) => {
    process.exitCode = ok ? 0 : 1
  },
  (thrown: unknown) => {
    const error = fromNative(thrown)
    const text = error instanceof DatabaseError ? `${error.code}: ${error.message}` : String(error)
    process.stderr.write(`${text}\n`)
    process.exitCode = 1
  }
)
