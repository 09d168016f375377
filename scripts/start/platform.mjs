// The databases on the local PostgreSQL: the platform's own and the one with sample tables.

import { createRequire } from 'node:module'
import { join } from 'node:path'

import { command, root } from '../steps/command.mjs'

/** Makes the two databases and applies the migrations. @returns {Promise<{ platform, sample }>} */
export async function preparePlatform(postgresUrl, env) {
  const platform = withDatabase(postgresUrl, 'platform')
  const sample = withDatabase(postgresUrl, 'sample')
  await createDatabases(postgresUrl, ['platform', 'sample'])
  const cli = join(root, 'dist', 'cli.js')
  const quiet = true
  await command(process.execPath, [cli, 'migrate'], {
    env: { ...env, DATABASE_URL: platform },
    quiet,
  })
  return { platform, sample }
}

function withDatabase(server, name) {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

async function createDatabases(databaseUrl, names) {
  const { ConnectionManager } = createRequire(import.meta.url)(join(root, 'dist', 'index.js'))
  const manager = new ConnectionManager({ databaseUrl, logLevel: 'error' })
  const query = async (sql, parameters = []) =>
    JSON.parse(await manager.native.queryPlatform(sql, JSON.stringify(parameters))).data.rows
  try {
    for (const name of names) {
      const found = await query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
      if (found.length === 0) await query(`CREATE DATABASE ${name}`)
    }
  } finally {
    await manager.shutdown()
  }
}
