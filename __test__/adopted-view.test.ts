// The view that takes the place of an older Studio's table answers what that Studio asks, refuses what it
// writes with the endpoint to use, and shows nobody more than the table did.

import { adoptedStudio, migrateOnce as migrate, ownServer, script } from './support/older-studio'
import { sql } from './support/stack'

const PROJECT = '00000000-0000-4000-8000-000000000011'

describe.each(['12', '18'])('on PostgreSQL %s', (version) => {
  const own = ownServer(version)
  const studio = (also = '') => own.fresh(...adoptedStudio, ...(also ? [also] : []))
  const rowsWhere = async (url: string, where: string) =>
    (await sql(url, `SELECT name FROM platform.databases WHERE ${where} ORDER BY name`)).length

  test('types are texts, spelt as before, and every column is there', async () => {
    const url = await studio(`
      CREATE DOMAIN platform.region AS text NOT NULL DEFAULT 'eu';
      ALTER TABLE platform.databases ADD COLUMN created_by UUID, ADD COLUMN tags TEXT[] DEFAULT '{a}',
        ADD COLUMN region platform.region, ADD COLUMN project_name TEXT;
      CREATE FUNCTION platform.of_type(t TEXT) RETURNS BIGINT LANGUAGE plpgsql AS
        'BEGIN RETURN (SELECT count(*) FROM "platform"."databases" WHERE type = t); END'`)
    const planned = await migrate(url, true)
    const done = await migrate(url)
    for (const { readers, warnings } of [planned, done]) {
      const lost = readers.filter(({ kind }: any) => kind === 'column without counterpart')
      expect(lost.map(({ name }: any) => name.split('.')[2])).toEqual([
        'created_by',
        'project_name',
        'region',
        'tags',
      ])
      expect(warnings.join('\n')).toMatch(/"Production MongoDB" is production-mongodb/)
    }
    expect(await rowsWhere(url, `type = 'postgresql'`)).toBe(1)
    expect(await rowsWhere(url, `type IN ('mongodb', 'redis', 'postgresql')`)).toBe(8)
    expect(await sql(url, `SELECT platform.of_type('postgresql')::int AS n`)).toEqual([{ n: 1 }])
    expect(await rowsWhere(url, `type = $1::text`.replace('$1', `'redis'`))).toBe(5)
    expect(await rowsWhere(url, 'created_by IS NULL AND tags IS NULL AND region IS NULL')).toBe(8)
    const secure = await sql(
      url,
      `SELECT v.id FROM platform.databases v JOIN platform.databases_legacy t USING (id)
       WHERE t.ssl_enabled AND NOT v.ssl_enabled`
    )
    expect(secure).toEqual([])
    const found = await sql(
      url,
      `SELECT (platform.get_database_by_name('blog', 'postgres')).type AS type,
         (SELECT count(*)::int FROM platform.databases_with_projects WHERE project_name = 'Shop') AS n`
    )
    expect(found).toEqual([{ type: 'postgresql', n: 5 }])
  })

  test('a write to any view that shows the table is refused with the endpoint', async () => {
    const url = await studio('ALTER TABLE platform.databases ADD COLUMN region TEXT')
    await migrate(url)
    for (const write of [
      `INSERT INTO platform.databases (project_id, name, type, region) VALUES ('${PROJECT}', 'x', 'postgresql', 'eu')`,
      `INSERT INTO platform.databases (name) VALUES ('x') ON CONFLICT DO NOTHING`,
      `UPDATE platform.databases SET type = 'postgresql' WHERE false`,
      `UPDATE platform.databases SET region = 'us'`,
      `UPDATE platform.databases_safe SET name = 'x'`,
      `DELETE FROM platform.databases_safe`,
      `UPDATE platform.databases_over_safe SET name = 'x'`,
    ]) {
      const refused = expect(sql(url, write)).rejects
      await refused.toThrow(/takes no writes.*POST \/api\/platform\/databases/)
    }
    const kept = 'SELECT count(*)::int AS n FROM platform.databases_legacy WHERE name <> $1'
    expect(await sql(url, kept, ['x'])).toEqual([{ n: 8 }])
  })

  test.each(['BYPASSRLS', 'SUPERUSER'])(
    'members of a %s group see no more than they saw',
    async (attribute) => {
      const [group, member, alone] = ['group', 'member', 'alone'].map(
        (of) => `${of}_${attribute.toLowerCase()}`
      ) as [string, string, string]
      const url = await studio(`
        CREATE ROLE ${group} ${attribute}; CREATE ROLE ${alone} ${attribute};
        CREATE ROLE ${member} IN ROLE ${group};
        GRANT SELECT ON platform.databases TO ${group}, ${alone};
        DROP POLICY permissive_all_databases ON platform.databases`)
      const seen = async (role: string) => {
        try {
          await script(
            url,
            `SET LOCAL ROLE ${role};
             DO $x$ BEGIN IF (SELECT count(*) FROM platform.databases) = 0 THEN
               RAISE EXCEPTION 'sees nothing'; END IF; END $x$`
          )
          return 'all'
        } catch (error) {
          return /sees nothing|denied/.exec(String(error))?.[0] ?? String(error)
        }
      }
      expect([await seen(member), await seen(alone)]).toEqual(['sees nothing', 'all'])
      const { warnings } = await migrate(url)
      expect([await seen(member), await seen(alone)]).toEqual(['denied', 'all'])
      expect(warnings.join('\n')).toMatch(new RegExp(`not given to ${group}.*from its members`))
    }
  )

  test('readers that only put the name together, or read a view of the table, are listed', async () => {
    const functions: Record<string, [string, string]> = {
      formatted: ['', `BEGIN EXECUTE format('SELECT FROM %I.%I', 'platform', 'databases'); END`],
      joined: ['', `BEGIN EXECUTE 'SELECT FROM platform.' || 'databases'; END`],
      by_default: [
        `t text DEFAULT 'databases'`,
        `BEGIN EXECUTE 'UPDATE platform.' || t || ' SET name = 1'; END`,
      ],
      many: ['d platform.databases[]', 'BEGIN NULL; END'],
      of_view: ['', 'BEGIN PERFORM 1 FROM platform.databases_safe; END'],
      of_copy: ['', 'BEGIN PERFORM 1 FROM "platform".database_copies; END'],
    }
    const made = Object.entries(functions).map(
      ([name, [parameters, body]]) =>
        `CREATE FUNCTION platform.${name}(${parameters}) RETURNS void LANGUAGE plpgsql AS $f$${body}$f$`
    )
    const url = await studio(`${made.join(';')};
      CREATE FUNCTION platform.other() RETURNS void LANGUAGE plpgsql AS
        'BEGIN EXECUTE ''SELECT 1 FROM pg_database''; END';
      CREATE TABLE platform.requests (id INT, payload TEXT);
      CREATE RULE mirror AS ON INSERT TO platform.requests
        DO ALSO UPDATE platform.databases SET status = 'active' WHERE false;
      CREATE POLICY by_view ON platform.requests USING (EXISTS (SELECT FROM platform.databases_safe))`)
    const planned = await migrate(url, true)
    const done = await migrate(url)
    for (const { readers } of [planned, done]) {
      const listed = readers.map(({ kind, name }: any) => `${kind} ${name.replace(/\(.*/, '')}`)
      for (const name of Object.keys(functions))
        expect(listed).toContain(`function platform.${name}`)
      expect(listed).not.toContain('function platform.other')
      expect(listed).toContain('rule mirror on platform.requests')
      expect(listed).toContain('policy by_view on platform.requests')
    }
  })

  test('secrets in documents, texts, lists, rows and addresses are found, and their statements remove them', async () => {
    const url = await studio(`
      CREATE SCHEMA audit;
      CREATE TABLE audit.record_version AS SELECT to_jsonb(d) AS record FROM platform.databases d;
      CREATE TABLE platform.requests AS SELECT to_jsonb(d)::text AS payload FROM platform.databases d;
      CREATE TABLE public.lists AS SELECT array_agg(connection_string) AS uris FROM platform.databases;
      CREATE TABLE public.service_env AS SELECT connection_string AS database_url FROM platform.databases;
      CREATE TABLE public.whole AS SELECT d AS kept, ARRAY[d] AS many FROM platform.databases d;
      CREATE TABLE public.harmless AS SELECT 'https://example.com/a:b@c' AS url, 'redis://h' AS redis_url`)
    const { plaintext } = await migrate(url)
    const made = ['audit.record_version', 'platform.requests', 'lists', 'service_env', 'whole']
    const relations = plaintext.map(({ relation }: any) => relation as string)
    expect(relations).toEqual(expect.arrayContaining(made))
    expect(relations).not.toContain('harmless')
    for (const { statements } of plaintext)
      for (const statement of statements) await sql(url, statement)
    expect((await migrate(url)).plaintext.map(({ relation }: any) => relation)).toEqual([
      'platform.databases_legacy',
    ])
    for (const table of made) {
      const rows = await sql(url, `SELECT to_jsonb(t)::text AS row FROM ${table} t`)
      expect(rows.length).toBeGreaterThan(0)
      expect(JSON.stringify(rows)).not.toMatch(/(mongo|redis|replica)-secret/)
    }
  })
})
