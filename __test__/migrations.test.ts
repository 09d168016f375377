import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConnectionManager } from 'studio-multidb'
import { root } from './support/processes'
import { legacyStudio, ownServer, script } from './support/older-studio'
import { newDatabase, newKey, newProject, request, sql } from './support/stack'

const architecture = readFileSync(join(root, 'migrations/001_create_platform_schema.sql'), 'utf8')

/** Loads a script, and is done where it was loaded already. */
async function migrated(url: string, options: object = {}) {
  const manager = new ConnectionManager({
    databaseUrl: url,
    encryptionKey: newKey(),
    logLevel: 'off',
    ...options,
  })
  const report = JSON.parse(await manager.native.migrate(false))
  return { manager, report }
}

describe.each(['12', '15', '18'])('migrations on PostgreSQL %s', (version) => {
  const own = ownServer(version)
  const fresh = () => own.fresh()

  test('an empty database is migrated once, and a rerun changes nothing', async () => {
    const url = await fresh()
    const { manager, report } = await migrated(url)
    expect(report.migrations.map(({ state }: { state: string }) => state)).toEqual([
      'applied',
      'applied',
      'applied',
    ])
    const again = JSON.parse(await manager.native.migrate(false))
    expect(again.migrations.map(({ state }: { state: string }) => state)).toEqual([
      'present',
      'present',
      'present',
    ])
    await newProject(url, 'default')
    const body = { identifier: 'one', connection_string: 'redis://:x@127.0.0.1:1', skip_test: true }
    expect((await request(manager, 'POST', '/redis/default/connections', body)).status).toBe(201)
    await manager.shutdown(1000)
  }, 60_000)

  test('a file that was another before runs over what that made, and a stranger does not', async () => {
    const url = await fresh()
    const { manager } = await migrated(url)
    const ran = (checksum: string) =>
      sql(url, 'UPDATE platform.multidb_migrations SET checksum = $1 WHERE name = $2', [
        checksum,
        '002a_adopt_older_studio',
      ])
    await ran('cda85dfdb4f948b134dfcf4012b651b50e596a1a03a088371d81203c2b51c428')
    const states = async () => {
      const report = JSON.parse(await manager.native.migrate(false))
      return report.migrations.map(({ state }: { state: string }) => state)
    }
    expect(await states()).toEqual(['present', 'present', 'applied'])
    expect(await states()).toEqual(['present', 'present', 'present'])
    await ran('0'.repeat(64))
    const refused = await manager.native.migrate(false).catch(String)
    expect(JSON.parse(refused).error).toMatchObject({ code: 'CONFLICT', outcome: 'not_applied' })
    await manager.shutdown(1000)
  }, 60_000)

  test('a database that has the older files gets the newer ones alone, with their checksums kept', async () => {
    const url = await fresh()
    await script(url, legacyStudio)
    const { manager } = await migrated(url)
    const notes = 'SELECT name, checksum FROM platform.multidb_migrations ORDER BY name'
    const before = await sql(url, notes)
    const [file] = await sql(
      url,
      `DELETE FROM platform.multidb_migrations
      WHERE name LIKE '002a%' RETURNING name`
    )
    await sql(url, 'DROP TRIGGER refuse_statement ON platform.databases')
    await sql(url, 'DROP TRIGGER refuse_row ON platform.databases')
    const report = JSON.parse(await manager.native.migrate(false))
    expect(report.migrations.map(({ name, state }: any) => [name === file?.name, state])).toEqual([
      [false, 'present'],
      [false, 'present'],
      [true, 'applied'],
    ])
    expect(await sql(url, notes)).toEqual(before)
    await expect(sql(url, 'DELETE FROM platform.databases')).rejects.toThrow(/takes no writes/)
    await manager.shutdown(1000)
  }, 60_000)

  test('a Studio that has the first migration keeps its rows', async () => {
    const url = await fresh()
    await script(url, architecture)
    const project = await newProject(url, 'kept')
    const { manager } = await migrated(url)
    const rows = await sql(url, 'SELECT id::text, ref FROM platform.projects')
    expect(rows).toEqual([{ id: project, ref: 'kept' }])
    await manager.shutdown(1000)
  }, 60_000)

  test('a Studio with the legacy table loses nothing: rows are imported, sealed, and imported once', async () => {
    const url = await fresh()
    await script(url, legacyStudio)
    const before = await sql(
      url,
      'SELECT id::text, project_id::text, name FROM platform.databases ORDER BY id'
    )
    const { manager, report } = await migrated(url)
    const { connections, needing_attention } = report.imported
    expect(connections + needing_attention.length).toBe(before.length)
    const legacy =
      'SELECT id::text, project_id::text, name FROM platform.databases_legacy ORDER BY id'
    expect(await sql(url, legacy)).toEqual(before)
    const rows = await sql(
      url,
      `SELECT id::text, identifier, connection_string, password, row_to_json(c)::text AS everything
       FROM platform.database_connections c ORDER BY id`
    )
    expect(rows.map(({ id }) => id)).toEqual(before.map(({ id }) => id))
    for (const row of rows) {
      for (const secret of [row.connection_string, row.password]) {
        if (secret !== null) expect(secret).toMatch(/^mdb1:/)
      }
      expect(row.everything).not.toMatch(/(mongo|redis|replica|lost)-secret/)
    }
    expect(new Set(rows.map(({ identifier }) => identifier)).size).toBeGreaterThanOrEqual(7)
    const { body } = await request(manager, 'GET', '/databases?limit=1000')
    expect(body.data.databases).toHaveLength(before.length)
    expect(JSON.stringify(body)).not.toMatch(/(mongo|redis|replica|lost)-secret/)
    // What somebody removes after the import stays removed.
    const removed = String(before[1]?.id)
    expect((await request(manager, 'DELETE', `/databases/${removed}`)).status).toBe(200)
    const again = JSON.parse(await manager.native.migrate(false))
    expect(again.imported).toEqual({ connections: 0, needing_attention: [] })
    expect(await sql(url, legacy)).toEqual(before)
    const views = `SELECT (SELECT count(*) FROM platform.databases)::int AS n`
    expect(await sql(url, views)).toEqual([{ n: before.length - 1 }])
    await manager.shutdown(1000)
  }, 60_000)
})

test('a database without the tables says what to do', async () => {
  const manager = new ConnectionManager({
    databaseUrl: await newDatabase(),
    encryptionKey: newKey(),
    logLevel: 'off',
  })
  const { status, body } = await request(manager, 'GET', '/databases')
  expect(status).toBeGreaterThanOrEqual(400)
  expect(body.message).toMatch(/migrat/)
  await manager.shutdown(1000)
})
