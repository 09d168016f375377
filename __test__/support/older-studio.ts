// Databases of Studios that had tables of their own before, on PostgreSQL servers of chosen versions.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConnectionManager } from 'studio-multidb'
import { startPostgres } from '../../scripts/servers/index.mjs'
import { root } from './processes'
import { newKey, sql } from './stack'

const fixture = (name: string) => readFileSync(join(root, '__test__/fixtures', name), 'utf8')

/** The older Studio's tables and rows. */
export const legacyStudio = fixture('legacy_studio.sql')
/** The same, and much of the Studio's own around them. */
export const adoptedStudio = [legacyStudio, fixture('adopted_studio.sql')]

/** Runs a script of many statements, wrapped for a path that takes one. */
export async function script(url: string, text: string): Promise<void> {
  const tag = '$script_of_the_test$'
  await sql(url, `DO ${tag} BEGIN EXECUTE $body_of_the_test$${text}$body_of_the_test$; END ${tag}`)
}

/** Migrates with a manager and a key for this alone. */
export async function migrateOnce(url: string, dryRun = false) {
  const options = { databaseUrl: url, encryptionKey: newKey(), logLevel: 'off' as const }
  const manager = new ConnectionManager(options)
  try {
    return JSON.parse(await manager.native.migrate(dryRun))
  } finally {
    await manager.shutdown(1000)
  }
}

/** A server that the tests of a group share. */
interface OwnServer {
  /** An empty database in which these scripts have run. */
  fresh(...scripts: string[]): Promise<string>
}

export function ownServer(version: string): OwnServer {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let count = 0
  beforeAll(async () => {
    server = await startPostgres({ version: Number(version) })
  }, 120_000)
  afterAll(() => server?.stop())
  return {
    async fresh(...scripts) {
      const name = `t_${++count}`
      await sql(server.url, `CREATE DATABASE ${name}`)
      const url = Object.assign(new URL(server.url), { pathname: `/${name}` }).href
      for (const text of scripts) await script(url, text)
      return url
    },
  }
}
