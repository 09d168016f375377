// Names that the migrations need may be somebody else's: a dry run says so, and the migration changes
// nothing rather than write over them or stop half-way.

import { legacyStudio, migrateOnce as migrate, script } from './support/older-studio'
import { newDatabase, sql } from './support/stack'

/** How a migration is refused: as text. */
async function refused(url: string) {
  try {
    return `migrated: ${JSON.stringify(await migrate(url, false))}`
  } catch (error) {
    return String(error)
  }
}

const trigger = (name: string) =>
  `CREATE FUNCTION platform.${name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`

const TAKEN: Record<string, string> = {
  'function platform.refuse_databases_write()':
    "CREATE FUNCTION platform.refuse_databases_write() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  'function platform.bump_connection_version()': trigger('bump_connection_version'),
  'function platform.notify_connection_change()': trigger('notify_connection_change'),
  'function platform.get_database_by_name_legacy(text,text)': ['', '_legacy']
    .map(
      (end) => `CREATE FUNCTION platform.get_database_by_name${end}(a text, b text) RETURNS text
        LANGUAGE sql AS 'SELECT 1::text'`
    )
    .join(';'),
  'table platform.project_databases': 'CREATE TABLE platform.project_databases (id int)',
  'view platform.project_databases':
    'CREATE VIEW platform.project_databases AS SELECT id FROM platform.databases',
  'table platform.database_connections':
    'CREATE TABLE platform.database_connections (id uuid PRIMARY KEY, url text)',
  'type platform.database_connections': 'CREATE DOMAIN platform.database_connections AS text',
  'type platform.database_type': `CREATE TYPE platform.database_type AS ENUM ('redis')`,
  'index platform.idx_database_connections_primary': `CREATE TABLE platform.x (id int);
    CREATE INDEX idx_database_connections_primary ON platform.x (id)`,
  'table platform.database_stats_legacy': `CREATE TABLE platform.database_stats (id int);
    CREATE TABLE platform.database_stats_legacy (id int)`,
}
const STATE = `SELECT (SELECT string_agg(oid::regclass || relkind::text, ',' ORDER BY oid) FROM pg_class
  WHERE relnamespace = 'platform'::regnamespace) || (SELECT string_agg(prosrc, ',' ORDER BY oid)
  FROM pg_proc WHERE pronamespace = 'platform'::regnamespace) AS state`

test.each(Object.entries(TAKEN))('%s is foreseen and left alone', async (name, made) => {
  const url = await newDatabase()
  await script(url, legacyStudio)
  await script(url, made)
  const before = await sql(url, STATE)
  const { warnings } = await migrate(url, true)
  expect(warnings.join('\n')).toContain(`this would fail: names that the migration needs are taken`)
  expect(warnings.join('\n')).toContain(name)
  expect(await refused(url)).toMatch(/^\{"message":"names that the migration needs/)
  expect(JSON.parse(await refused(url)).message).toContain(name)
  expect(await sql(url, STATE)).toEqual(before)
})

test('names of other arguments, and what steps aside, are in nobody’s way', async () => {
  const url = await newDatabase()
  await script(url, legacyStudio)
  await script(
    url,
    `CREATE FUNCTION platform.refuse_databases_write(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
     CREATE FUNCTION platform.get_database_by_name(a text, b text) RETURNS text LANGUAGE sql AS 'SELECT a';
     CREATE TABLE platform.database_stats (id int);
     CREATE VIEW platform.databases_with_projects AS SELECT id, name AS db FROM platform.databases;
     CREATE TYPE platform.database_type AS ENUM ('redis', 'mongodb', 'postgres', 'bun_api', 'mysql')`
  )
  expect((await migrate(url, true)).warnings.join('\n')).not.toContain('this would fail')
  const { imported } = await migrate(url, false)
  expect(imported.connections + imported.needing_attention.length).toBe(8)
})

// Whatever stops a later file must undo the earlier ones: a view without its triggers takes writes.
test('a migration that fails at its last file leaves nothing of the first', async () => {
  const url = await newDatabase()
  await script(url, legacyStudio)
  const before = await sql(url, STATE)
  await script(
    url,
    `CREATE FUNCTION public.stop() RETURNS event_trigger LANGUAGE plpgsql AS
       'BEGIN IF to_regproc(''platform.refuse_databases_write'') IS NOT NULL THEN
         RAISE EXCEPTION ''no triggers on views''; END IF; END';
     CREATE EVENT TRIGGER stop ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER')
       EXECUTE FUNCTION public.stop()`
  )
  expect(await refused(url)).toMatch(/^\{"message":"migration 002a.*no triggers on views/)
  expect(await sql(url, STATE)).toEqual(before)
  await sql(url, 'DROP EVENT TRIGGER stop')
  const { imported } = await migrate(url, false)
  expect(imported.connections + imported.needing_attention.length).toBe(8)
})
