// A Studio that has its own table of databases, and much around it, is migrated: everything that this
// breaks or leaves behind is told before and after, and nobody sees more than they did.

import { ConnectionManager } from 'studio-multidb'
import { adoptedStudio, ownServer, script } from './support/older-studio'
import { newKey, request, sql } from './support/stack'

interface Reader {
  kind: string
  name: string
  says: string
  mend?: string
}
interface Report {
  dry_run: boolean
  migrations: Array<{ state: string }>
  imported: {
    connections: number
    needing_attention: Array<{ id: string; identifier: string; reasons: string[] }>
  }
  readers: Reader[]
  plaintext: Array<{ relation: string; rows: number; statements: string[] }>
  warnings: string[]
}

const SECRETS = /(mongo|redis|replica|lost)-secret/

const managers: ConnectionManager[] = []
afterEach(async () => {
  for (const manager of managers.splice(0)) await manager.shutdown(1000)
})

function managerOf(url: string, options: object = {}) {
  const made = new ConnectionManager({
    databaseUrl: url,
    encryptionKey: newKey(),
    logLevel: 'off',
    ...options,
  })
  managers.push(made)
  return made
}

const migrate = async (manager: ConnectionManager, dryRun = false) =>
  JSON.parse(await manager.native.migrate(dryRun)) as Report

/** What a role sees of a query, or how it is refused. */
async function as(url: string, role: string, query: string) {
  const statement = `DO $as$ BEGIN SET LOCAL ROLE "${role}";
    PERFORM set_config('test.seen', (SELECT count(*) FROM (${query}) AS seen)::text, false); END $as$`
  try {
    await sql(url, statement)
    return 'may'
  } catch (error) {
    return String(error)
  }
}

// The version in between is the one of the whole Studio's test.
describe.each(['12', '18'])('on PostgreSQL %s', (version) => {
  const own = ownServer(version)
  /** A database of such a Studio. */
  const studio = (also = '') => own.fresh(...adoptedStudio, ...(also ? [also] : []))

  test('a dry run says what will be imported and what reads the table, and changes nothing', async () => {
    const url = await studio()
    const manager = managerOf(url)
    const everything = `SELECT (SELECT count(*) FROM pg_class)::text || (SELECT count(*) FROM pg_proc)::text
      || (SELECT string_agg(relname || relkind::text, ',' ORDER BY oid) FROM pg_class
          WHERE relnamespace = 'platform'::regnamespace) AS state`
    const before = await sql(url, everything)
    const planned = await migrate(manager, true)
    expect(await sql(url, everything)).toEqual(before)

    const done = await migrate(manager)
    expect(planned.dry_run).toBe(true)
    expect(planned.imported).toEqual(done.imported)
    expect(done.imported.connections + done.imported.needing_attention.length).toBe(8)
    for (const { identifier, reasons } of done.imported.needing_attention) {
      expect([identifier, reasons.length]).not.toEqual([identifier, 0])
    }
    expect(JSON.stringify([planned, done])).not.toMatch(SECRETS)
    expect(planned.warnings.join()).toMatch(/becomes a view/)

    const names = ({ readers }: Report, kind: string) =>
      readers.filter((reader) => reader.kind === kind).map(({ name }) => name)
    const expected = {
      view: [
        'platform.databases_over_safe',
        'platform.databases_safe',
        'platform.databases_with_connection_strings',
      ],
      'materialized view': ['platform.database_copies'],
      'foreign key': ['database_metrics_database_id_fkey on platform.database_metrics'],
      publication: ['changed_databases'],
      grant: ['authenticated', 'studio_bypass', 'studio_reader'],
    }
    for (const report of [planned, done]) {
      for (const [kind, list] of Object.entries(expected)) expect(names(report, kind)).toEqual(list)
      expect(names(report, 'function').map((name) => name.replace(/\(.*/, ''))).toEqual([
        'platform.count_bare',
        'platform.count_quoted',
        'platform.decrypt_database_connection_string',
        'platform.get_project_databases',
        'platform.name_of',
        'platform.update_database_health',
      ])
      expect(names(report, 'policy').map((name) => name.split(' ')[0])).toEqual([
        'of_my_databases',
        'permissive_all_databases',
      ])
      expect(names(report, 'trigger')).toHaveLength(2)
      expect(names(report, 'rule')).toHaveLength(1)
    }
    const again = await migrate(manager)
    expect(again.migrations.every(({ state }) => state === 'present')).toBe(true)
    expect(again.imported).toEqual({ connections: 0, needing_attention: [] })
    expect(again.readers).toEqual(done.readers)
  })

  test('what the Studio asks of its table is answered, or refused with the endpoint to use', async () => {
    const url = await studio()
    const manager = managerOf(url)
    await migrate(manager)
    const project = '00000000-0000-4000-8000-000000000011'
    const list = await sql(url, `SELECT * FROM platform.databases WHERE project_id = '${project}'`)
    expect(list).toHaveLength(5)
    expect(JSON.stringify(list)).not.toMatch(/mdb1:|-secret/)
    for (const row of list) expect([row.connection_string, row.password]).toEqual([null, null])

    const columns = `(project_id, name, type, connection_string, host, port, database, username,
      password, ssl_enabled, metadata, status)`
    const values = `('${project}', 'new', 'redis', 'redis://h', 'h', 1, NULL, NULL, NULL, false, '{}', 'active')`
    for (const write of [
      `INSERT INTO platform.databases ${columns} VALUES ${values} RETURNING *`,
      `INSERT INTO platform.databases (id) SELECT NULL WHERE false`,
      `UPDATE platform.databases SET name = 'x', updated_at = NOW()`,
      `UPDATE platform.databases SET health_check_status = 'healthy' WHERE false`,
      `DELETE FROM platform.databases WHERE id = '${project}' RETURNING id`,
      `DELETE FROM platform.databases`,
      `UPDATE platform.databases_with_projects SET name = 'x'`,
      `DELETE FROM platform.project_databases`,
    ]) {
      const refused = expect(sql(url, write)).rejects
      await refused.toThrow(/takes no writes.*POST \/api\/platform\/databases/)
    }
    expect(await sql(url, 'SELECT count(*)::int AS n FROM platform.database_connections')).toEqual([
      { n: 8 },
    ])
  })

  test('foreign keys that are mended by their statement take new connections', async () => {
    const url = await studio()
    const manager = managerOf(url)
    const { readers } = await migrate(manager)
    const body = { identifier: 'new', connection_string: 'redis://127.0.0.1:1', skip_test: true }
    const made = await request(manager, 'POST', '/redis/shop/connections', body)
    expect(made.status).toBe(201)
    const { id } = (
      await sql(url, `SELECT id::text FROM platform.databases WHERE name = 'new'`)
    )[0]!
    const write = `INSERT INTO platform.database_metrics (database_id, value) VALUES ('${id}', 1)`
    await expect(sql(url, write)).rejects.toThrow(/foreign key/)
    await sql(url, readers.find(({ kind }) => kind === 'foreign key')!.mend!)
    await sql(url, write)
    expect((await migrate(manager)).readers.filter(({ kind }) => kind === 'foreign key')).toEqual(
      []
    )
  })

  test('grants follow to the view where the table’s policies let everything be seen', async () => {
    const url = await studio()
    const { warnings } = await migrate(managerOf(url))
    const all = 'SELECT * FROM platform.databases'
    for (const role of ['studio_reader', 'authenticated', 'studio_bypass']) {
      expect([role, await as(url, role, all)]).toEqual([role, 'may'])
    }
    expect(await as(url, 'Odd Role', 'SELECT id, name FROM platform.databases')).toBe('may')
    expect(await as(url, 'Odd Role', 'SELECT username FROM platform.databases')).toMatch(/denied/)
    expect(warnings.filter((text) => /row-level security/.test(text))).toEqual([])
  })

  test.each([
    [
      'a policy of some rows',
      `CREATE POLICY own ON platform.databases FOR SELECT TO authenticated USING (name = 'cache')`,
    ],
    [
      'a policy for others',
      'CREATE POLICY own ON platform.databases TO studio_bypass USING (true)',
    ],
    ['no policy at all', 'SELECT 1'],
    [
      'a restrictive one beside a wide one',
      `CREATE POLICY wide ON platform.databases USING (true);
       CREATE POLICY own ON platform.databases AS RESTRICTIVE USING (name = 'cache')`,
    ],
    [
      'a wide one for writing alone',
      'CREATE POLICY own ON platform.databases FOR UPDATE USING (true)',
    ],
  ])('who saw some rows does not see all: %s', async (_, policy) => {
    const defaults = `ALTER DEFAULT PRIVILEGES IN SCHEMA platform GRANT SELECT ON TABLES TO authenticated`
    const url = await studio(
      `DROP POLICY permissive_all_databases ON platform.databases; ${policy}; ${defaults}`
    )
    const { warnings } = await migrate(managerOf(url))
    for (const view of ['databases', 'databases_with_projects', 'project_databases']) {
      for (const role of ['authenticated', 'studio_reader']) {
        expect(await as(url, role, `SELECT * FROM platform.${view}`)).toMatch(/denied/)
      }
    }
    expect(await as(url, 'studio_bypass', 'SELECT * FROM platform.databases')).toBe('may')
    expect(warnings.join('\n')).toMatch(/not given to authenticated: row-level security/)
    expect(warnings.join('\n')).toMatch(/not given to studio_reader: row-level security/)
  })

  test('plain text that is left is listed, and its statements remove it', async () => {
    const url = await studio()
    const manager = managerOf(url)
    const planned = await migrate(manager, true)
    expect(planned.plaintext.map(({ relation }) => relation)).toContain('platform.databases')
    const { plaintext } = await migrate(manager)
    expect(plaintext.map(({ relation }) => relation)).toEqual([
      'databases_backup',
      'platform.databases_legacy',
      'platform.database_copies',
    ])
    for (const { statements } of plaintext)
      for (const statement of statements) await sql(url, statement)
    const left = await migrate(manager)
    // Only the copy that nobody here can decrypt, of the connection that has no other, and a key in config
    // that was not imported.
    expect(left.plaintext.map(({ relation, rows }) => [relation, rows])).toEqual([
      ['platform.databases_legacy', 2],
    ])
    for (const table of ['platform.databases_legacy', 'public.databases_backup']) {
      const rows = await sql(url, `SELECT to_jsonb(t)::text AS row FROM ${table} t`)
      expect(rows).toHaveLength(8)
      expect(JSON.stringify(rows)).not.toMatch(SECRETS)
    }
    const listed = await request(manager, 'GET', '/databases?limit=100')
    expect(listed.body.data.databases).toHaveLength(8)
  })

  test('copies of every kind are found, in an order in which they can be mended', async () => {
    const url = await studio(`
      CREATE DOMAIN public.dsn AS text; CREATE DOMAIN public.dsn_too AS public.dsn;
      CREATE TABLE public.of_domains AS SELECT id, connection_string::public.dsn_too FROM platform.databases;
      CREATE TABLE public.of_camels AS SELECT id, connection_string AS "connectionString", password AS "Password"
        FROM platform.databases;
      CREATE TABLE platform.passwords AS SELECT id, name, host, username, password FROM platform.databases;
      CREATE TABLE public.rows_backup AS SELECT to_jsonb(d) AS "row" FROM platform.databases d;
      CREATE TABLE platform.events AS SELECT 1 AS id, to_jsonb(d) AS new_data FROM platform.databases d;
      CREATE MATERIALIZED VIEW platform.never_filled AS
        SELECT connection_string FROM platform.databases WITH NO DATA;
      CREATE MATERIALIZED VIEW platform.a_view_of_copies AS
        SELECT connection_string FROM platform.database_copies`)
    const manager = managerOf(url)
    const { plaintext } = await migrate(manager)
    expect(plaintext.map(({ relation }) => relation)).toEqual([
      'databases_backup',
      'of_camels',
      'of_domains',
      'platform.databases_legacy',
      'platform.events',
      'platform.passwords',
      'rows_backup',
      'platform.database_copies',
      'platform.a_view_of_copies',
    ])
    for (const { statements } of plaintext)
      for (const statement of statements) await sql(url, statement)
    expect((await migrate(manager)).plaintext.map(({ relation }) => relation)).toEqual([
      'platform.databases_legacy',
    ])
    const [kept] = await sql(url, `SELECT "row"->>'name' AS name FROM public.rows_backup LIMIT 1`)
    expect(kept?.name).toBeTruthy()
  })

  test('functions that use the table by its bare name are listed, and texts stay as they are', async () => {
    const bodies: Record<string, string> = {
      comma: 'BEGIN PERFORM 1 FROM projects p, databases d; END',
      using_it: 'BEGIN DELETE FROM projects p USING databases d WHERE false; END',
      truncates: 'BEGIN TRUNCATE databases; END',
      commented: 'BEGIN PERFORM 1 FROM /* the */ databases; END',
      crossed: 'BEGIN PERFORM 1 FROM (databases CROSS JOIN projects); END',
      row_type: 'DECLARE r databases%ROWTYPE; BEGIN NULL; END',
      says: `BEGIN RAISE NOTICE 'see platform.databases'; END`,
    }
    const unrelated = 'BEGIN NULL; /* databases */ END -- platform.databases'
    const made = Object.entries({ ...bodies, unrelated }).map(
      ([name, body]) => `CREATE FUNCTION platform.${name}() RETURNS void LANGUAGE plpgsql
        SET search_path = platform AS $f$${body}$f$`
    )
    const column = 'CREATE TABLE public.typed (d platform.databases)'
    const url = await studio([...made, column].join(';'))
    const { readers } = await migrate(managerOf(url))
    const names = readers.map(({ name }) => name)
    for (const name of Object.keys(bodies)) expect(names).toContain(`platform.${name}()`)
    expect(names).not.toContain('platform.unrelated()')
    expect(readers.filter(({ kind }) => kind === 'column').map(({ name }) => name)).toEqual([
      'typed.d',
    ])
    const [text] = await sql(url, `SELECT prosrc FROM pg_proc WHERE proname = 'says'`)
    expect(text?.prosrc).toBe(bodies.says)
  })

  test('warnings of the database reach the report', async () => {
    const url = await studio(`
      CREATE FUNCTION platform.warn() RETURNS event_trigger LANGUAGE plpgsql AS
        'BEGIN RAISE WARNING ''somebody is watching %'', tg_tag; END';
      CREATE EVENT TRIGGER watching ON ddl_command_end WHEN TAG IN ('CREATE VIEW')
        EXECUTE FUNCTION platform.warn()`)
    const { warnings } = await migrate(managerOf(url))
    expect(warnings).toContain('somebody is watching CREATE VIEW')
  })

  test('a key that opens nothing of what is stored is warned of', async () => {
    const url = await studio()
    await migrate(managerOf(url))
    for (const dryRun of [true, false]) {
      const { warnings } = await migrate(managerOf(url), dryRun)
      expect(warnings.join()).toMatch(
        /8 of 8 stored connections don't open .*DATABASE_ENCRYPTION_KEY/
      )
    }
  })
})
