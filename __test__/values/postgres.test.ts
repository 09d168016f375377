import { eventually } from '../support/processes'
import { request, sharedStack } from '../support/stack'

const stack = sharedStack({ rateLimit: 'off' })

const query = (text: string, more: object = {}) =>
  stack.api('POST', '/postgres/default/query', { query: text, ...more })

describe('PostgreSQL values', () => {
  // What pg-meta answers: node-postgres with int8, numeric, dates and intervals left as text.
  test.each<[string, unknown]>([
    ['9007199254740993::int8', '9007199254740993'],
    ['1::int8', 1],
    ['7::int4', 7],
    ['1.2300::numeric', '1.2300'],
    ["'NaN'::numeric", 'NaN'],
    ["'2024-02-29'::date", '2024-02-29'],
    ["'infinity'::timestamp", 'infinity'],
    ["'1 day 02:00'::interval", '1 day 02:00:00'],
    ['\'{"b":1,"a":[null]}\'::json', { b: 1, a: [null] }],
    ["'\\x00ff'::bytea", { type: 'Buffer', data: [0, 255] }],
    ["array['a',null,'']::text[]", ['a', null, '']],
    [
      'array[[1,2],[3,4]]::int[]',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["'[1,5)'::int4range", '[1,5)'],
    ["row(1,'a b')", '(1,"a b")'],
    ['null::text', null],
    ['true', true],
    ["'a\u0001b\"\\'::text", 'a\u0001b"\\'],
    ["'00000000-0000-4000-8000-000000000001'::uuid", '00000000-0000-4000-8000-000000000001'],
    ["'127.0.0.1/32'::inet", '127.0.0.1'],
  ])('%s', async (expression, expected) => {
    const { body } = await query(`SELECT ${expression} AS v`)
    expect(body.data?.rows ?? body).toEqual([{ v: expected }])
  })

  test('a double keeps NaN, the infinities and minus zero apart', async () => {
    const { body } = await query(
      `SELECT 'NaN'::float8 AS a, 'Infinity'::float8 AS b, '-Infinity'::float8 AS c, 1.5::float8 AS d`
    )
    expect(body.data.rows[0].d).toBe(1.5)
    expect(Object.keys(body.data.rows[0])).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a column named __proto__ is a column', async () => {
    const answer = await stack.manager.handle({
      method: 'POST',
      path: '/api/platform/postgres/default/query',
      body: Buffer.from(JSON.stringify({ query: 'SELECT 1 AS "__proto__"' })),
    })
    expect(answer.body.toString()).toContain('{"__proto__":1}')
  })

  test.each([
    'CREATE TABLE gate_t (a int)',
    'INSERT INTO pg_temp.x VALUES (1)',
    'DELETE FROM platform.projects',
    'WITH d AS (DELETE FROM platform.projects RETURNING 1) SELECT * FROM d',
    'SELECT 1; SELECT 2',
    "SELECT 1; DROP TABLE IF EXISTS gate_t; SELECT '1'",
    'COMMIT',
    'ROLLBACK; DROP TABLE x',
    'DO $$ BEGIN PERFORM 1; END $$',
    'CALL x()',
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY pg_class TO '/tmp/x'",
    'COPY (SELECT 1) TO STDOUT',
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_catalog.pg_read_file('/etc/passwd')",
    'SELECT "pg_read_file"(\'/etc/passwd\')',
    "SELECT pg_/**/read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    'SELECT pg_terminate_backend(1)',
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT nextval('x')",
    "SELECT dblink('host=x', 'select 1')",
    'SET ROLE postgres',
    'RESET ROLE',
    'SET SESSION AUTHORIZATION postgres',
    'SET TRANSACTION READ WRITE',
    'BEGIN',
    'LISTEN x',
    'LOCK platform.projects',
    'SELECT * INTO gate_t FROM pg_class',
    'SELECT * FROM platform.projects FOR UPDATE',
    'EXPLAIN ANALYZE DELETE FROM platform.projects',
    'EXPLAIN (ANALYZE true) INSERT INTO platform.projects DEFAULT VALUES',
    'PREPARE x AS SELECT 1',
    'EXECUTE x',
    'VACUUM',
    '-- nothing',
    '',
    "SELECT 'unterminated",
    '/* open',
  ])('read_only refuses: %s', async (text) => {
    const { status, body } = await query(text, { read_only: true, timeout_ms: 3000 })
    expect([400, 403]).toContain(status)
    expect(body.error.outcome).toBe('not_applied')
    expect(body.error.code).not.toBe('INTERNAL_ERROR')
  })

  test.each([
    "SELECT 'a; DELETE FROM x' AS v",
    'SELECT 1 /* ; DROP TABLE x */ AS v',
    'SELECT $$;DELETE$$ AS v',
    'SELECT 1 AS "delete";',
    'WITH a AS (SELECT 1 AS v) SELECT * FROM a',
    'VALUES (1), (2)',
    'TABLE pg_namespace',
    'EXPLAIN SELECT 1',
    'SHOW server_version',
  ])('read_only allows: %s', async (text) => {
    expect((await query(text, { read_only: true })).status).toBe(200)
  })

  test('rows beyond max_rows are cut, and the answer says so', async () => {
    const text = 'SELECT g FROM generate_series(1, 100000) g'
    const cut = (await query(text, { max_rows: 10, read_only: true })).body.data
    expect(cut.rows).toHaveLength(10)
    expect(cut.truncated).toBe(true)
    const whole = (await query('SELECT 1 AS g', { max_rows: 1, read_only: true })).body.data
    expect(whole.truncated).toBe(false)
    expect((await query(text, { max_rows: 100_001 })).status).toBe(400)
  })

  test('a result beyond the byte cap is not collected', async () => {
    const small = await startSmall()
    const text = "SELECT repeat('x', 1000000) AS v FROM generate_series(1, 100)"
    const { status, body } = await small(text)
    const cut = status === 413 || body.data?.truncated === true
    expect(cut).toBe(true)
  })

  async function startSmall() {
    const { ConnectionManager } = await import('studio-multidb')
    const manager = new ConnectionManager({ ...stack.options, maxResultBytes: 4 << 20 })
    return (text: string) =>
      request(manager, 'POST', '/postgres/default/query', { query: text, read_only: true })
  }

  test('a statement past its time is cancelled on the server', async () => {
    const { status, body } = await query('SELECT pg_sleep(30), 7771 AS marker', { timeout_ms: 200 })
    expect([status, body.error.code]).toEqual([504, 'DB_TIMEOUT'])
    const running = `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE state = 'active' AND query LIKE '%7771 AS marker%' AND pid <> pg_backend_pid()`
    const hasEnded = async () => (await query(running)).body.data.rows[0].n === 0
    await eventually('its end', hasEnded, 20_000)
  })

  test('parameters are values, never text of the statement', async () => {
    const evil = "'; DROP SCHEMA platform CASCADE; --"
    const { body } = await query('SELECT $1::text AS v', { parameters: [evil], read_only: true })
    expect(body.data.rows).toEqual([{ v: evil }])
  })
})
