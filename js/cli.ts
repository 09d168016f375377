#!/usr/bin/env node
import { type CommandName, readArguments } from './cli-arguments'
import { DatabaseError, fromNative } from './core/errors'
import type { Answer } from './core/operations'
import type { KeyRotation, MigrationReport } from './generated/schemas'
import { ConnectionManager } from './compat/platform'
import { init } from './init'
import type { DatabaseConnection } from './types'

const USAGE = `studio-multidb <command>

  migrate [--dry-run]   apply the migrations to the platform database (DATABASE_URL)
  rotate-keys           seal every stored secret anew under the first DATABASE_ENCRYPTION_KEY
  doctor                test every registered connection
  init <studio-dir>     write the API route files into a Studio checkout

  --help, -h            print this, and do nothing
`

/** Exit code of a command line that was not understood. */
const NOT_UNDERSTOOD = 2

/** Prints to the terminal: the one place in the package that does. */
function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Prints the report, and what nobody should overlook once more where it is not piped away. */
async function migrate(manager: ConnectionManager, flags: Set<string>): Promise<boolean> {
  const dryRun = flags.has('--dry-run')
  const report = JSON.parse(await manager.native.migrate(dryRun)) as MigrationReport
  say(JSON.stringify(report, null, 2))
  const { imported, readers, plaintext, warnings } = report
  const notes = [
    ...warnings,
    ...(dryRun ? [] : await withoutTls(manager)),
    ...counted(imported.needing_attention, 'imported connections need attention'),
    ...counted(readers, 'things in the database use the old table; see readers'),
    ...plaintext.map(({ relation }) => `secrets lie in plain text in ${relation}; see plaintext`),
  ]
  for (const note of notes) process.stderr.write(`WARNING ${note}\n`)
  return true
}

/**
 * A Studio's own wrapper may read `REDIS_USE_TLS` for every string that it connects by. Here it goes with
 * `REDIS_URL`; registered connections say for themselves, and those that say nothing use no TLS.
 */
async function withoutTls(manager: ConnectionManager): Promise<string[]> {
  if (!/^(true|1|yes|on)$/i.test(process.env.REDIS_USE_TLS ?? '')) return []
  const { databases } = await manager.databases().list({ database_type: 'redis', limit: 1000 })
  const plain = databases.filter(({ options }) => !options.tls)
  const names = plain.map(({ identifier, id }) => `${identifier} (${id})`)
  if (names.length === 0) return []
  return [
    `REDIS_USE_TLS is set, and these registered connections use no TLS: ${names.join(', ')}; ` +
      'set options.tls of each that should',
  ]
}

function counted(list: unknown[], what: string): string[] {
  return list.length === 0 ? [] : [`${list.length} ${what}`]
}

async function rotateKeys(manager: ConnectionManager): Promise<boolean> {
  const report = JSON.parse(await manager.native.rotateKeys()) as KeyRotation
  say(JSON.stringify(report, null, 2))
  return report.failed.length === 0
}

async function doctor(manager: ConnectionManager): Promise<boolean> {
  const databases = manager.databases()
  let cursor: string | null = null
  let healthy = true
  do {
    const page: Answer<'registry.databases.list'> = await databases.list({ cursor })
    for (const connection of page.databases) {
      healthy = (await examine(manager, connection)) && healthy
    }
    cursor = page.cursor
  } while (cursor !== null)
  return healthy
}

/** One that cannot even be tried must not hide those after it. */
async function examine(manager: ConnectionManager, connection: DatabaseConnection) {
  const name = `${connection.database_type} ${connection.identifier} (${connection.id})`
  try {
    const result = await manager.databases().test(connection.id)
    say(
      result.success
        ? `ok    ${name}: ${result.version ?? 'unknown version'}, ${result.latency_ms} ms`
        : `FAIL  ${name}: ${result.error} (${result.code})`
    )
    return result.success
  } catch (thrown) {
    const error = fromNative(thrown)
    if (!(error instanceof DatabaseError)) throw error
    say(`FAIL  ${name}: ${error.message} (${error.code})`)
    return false
  }
}

type Run = (manager: ConnectionManager, flags: Set<string>) => Promise<boolean>

const COMMANDS: Record<Exclude<CommandName, 'init'>, Run> = {
  migrate,
  'rotate-keys': rotateKeys,
  doctor,
}

/** The exit code. No manager is made for a command line that is not understood as a whole. */
async function main(given: string[]): Promise<number> {
  const asked = readArguments(given)
  if (asked.kind === 'help') {
    say(USAGE.trimEnd())
    return 0
  }
  if (asked.kind === 'refused') {
    process.stderr.write(`${asked.why}; nothing was done\n\n${USAGE}`)
    return NOT_UNDERSTOOD
  }
  const { command, flags, words } = asked
  if (command === 'init') return init(words[0], say) ? 0 : 1
  // Whoever runs this on the server is its operator, and logs in nowhere.
  const manager = new ConnectionManager({ authorization: 'off' })
  try {
    return (await COMMANDS[command](manager, flags)) ? 0 : 1
  } finally {
    await manager.shutdown()
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (thrown: unknown) => {
    const error = fromNative(thrown)
    const text = error instanceof DatabaseError ? `${error.code}: ${error.message}` : String(error)
    process.stderr.write(`${text}\n`)
    process.exitCode = 1
  }
)
