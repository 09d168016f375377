// `studio-multidb init` names what queries the table of an older Studio.

import { queries, studio, visit } from './studio'

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
  expect(queries(said).sort()).toEqual([
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
  const found = (files: Record<string, string>) => queries(studio(files).said)

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

describe('queries are found that are put together', () => {
  const lines = (file: string, text: string) => queries(visit([file], text).said)

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
