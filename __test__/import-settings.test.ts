// What a Studio kept beside a connection string, in columns and in `config`, is applied or told of; never
// dropped silently, and least of all TLS.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ConnectionManager } from 'studio-multidb'
import { root } from './support/processes'
import { newDatabase, newKey, newProject, request, sql } from './support/stack'

const schema = readFileSync(join(root, 'migrations/001_create_platform_schema.sql'), 'utf8')

/** The other table of that name, with types and columns of its own. */
const TABLE = `CREATE TABLE platform.databases (
  id UUID PRIMARY KEY DEFAULT platform.new_uuid(),
  project_id UUID NOT NULL REFERENCES platform.projects(id) ON DELETE CASCADE,
  name TEXT NOT NULL, type TEXT NOT NULL, connection_string TEXT, password TEXT,
  host TEXT, port INTEGER, database TEXT, username TEXT, use_tls BOOLEAN, ca_certificate TEXT,
  metadata JSONB DEFAULT '{}', replica_set TEXT,
  ssl_enabled BOOLEAN, config JSONB DEFAULT '{}', status TEXT DEFAULT 'active',
  last_error_message TEXT, health_check_status TEXT,
  created_at TIMESTAMPTZ DEFAULT NOW(), updated_at TIMESTAMPTZ DEFAULT NOW(), UNIQUE (project_id, name)
)`

interface Row {
  type: string
  connection_string: string | null
  ssl_enabled?: boolean
  config?: unknown
  password?: string
  status?: string
  health_check_status?: string
  last_error_message?: string
  /** Columns that only some Studios have, or fill beside a string. */
  beside?: Record<string, unknown>
}

/** Imports rows, and answers what became of each. */
async function imported(rows: Row[]) {
  const url = await newDatabase()
  await sql(url, `DO $x$ BEGIN EXECUTE $y$${schema}$y$; END $x$`)
  const project = await newProject(url, 'old')
  await sql(url, TABLE)
  for (const [at, row] of rows.entries()) {
    const beside = Object.entries(row.beside ?? {})
    await sql(
      url,
      `INSERT INTO platform.databases (project_id, name, type, connection_string, ssl_enabled, config, password,
         status, health_check_status, last_error_message)
       VALUES ('${project}', 'row-${at}', $1, $2, $3::text::boolean, $4::text::jsonb, $5, $6, $7, $8)`,
      [
        row.type,
        row.connection_string,
        String(row.ssl_enabled ?? false),
        JSON.stringify(row.config ?? {}),
        row.password ?? null,
        row.status ?? 'active',
        row.health_check_status ?? null,
        row.last_error_message ?? null,
      ]
    )
    for (const [column, value] of beside) {
      const set = `UPDATE platform.databases SET ${column} = (jsonb_populate_record(databases, $1::text::jsonb)).${column}
        WHERE name = 'row-${at}'`
      await sql(url, set, [JSON.stringify({ [column]: value })])
    }
  }
  const options = { databaseUrl: url, encryptionKey: newKey(), logLevel: 'off' as const }
  const manager = new ConnectionManager(options)
  try {
    const report = JSON.parse(await manager.native.migrate(false))
    const { body } = await request(manager, 'GET', '/databases?limit=1000')
    const stored = await sql(
      url,
      'SELECT to_jsonb(c)::text AS row FROM platform.database_connections c'
    )
    const outcome = (at: number) => ({
      shown: body.data.databases.find(({ identifier }: any) => identifier === `row-${at}`),
      reasons: (report.imported.needing_attention as any[])
        .filter(({ identifier }) => identifier === `row-${at}`)
        .flatMap(({ reasons }) => reasons as string[])
        .join('; '),
    })
    return { report, outcome, text: JSON.stringify([report, body, stored]), url, options }
  } finally {
    await manager.shutdown(1000)
  }
}

const redis = { type: 'redis', connection_string: 'redis://:s3cret@h:1' }
const mongo = { type: 'mongodb', connection_string: 'mongodb://u:s3cret@h:1/d' }
const postgres = { type: 'postgresql', connection_string: 'postgresql://u:s3cret@h:1/d' }

test('what stands beside a string is applied, or the row is listed with what was not', async () => {
  const applied: Array<[Row, object]> = [
    [{ ...redis, ssl_enabled: true }, { tls: true }],
    [{ ...redis, config: { tls: true } }, { tls: true }],
    [{ ...redis, config: { tls: {} } }, { tls: true }],
    [
      { ...redis, config: { ssl: true, db: 3 } },
      { tls: true, db: 3 },
    ],
    [{ ...redis, config: { db: 2, maxRetriesPerRequest: 3, connectTimeout: 9 } }, { db: 2 }],
    [{ ...redis, connection_string: 'redis://h/4', config: { db: 4 } }, { db: 4 }],
    [{ ...redis, config: { cluster: true } }, { cluster: true }],
    [{ ...mongo, ssl_enabled: true }, { tls: true }],
    [
      { ...mongo, config: { replicaSet: 'rs', authSource: 'admin' } },
      { replicaSet: 'rs', authSource: 'admin' },
    ],
    [{ ...postgres, ssl_enabled: true }, {}],
    [{ type: 'bun_api', connection_string: 'https://h/api', config: { apiKey: 's3cret' } }, {}],
    [{ type: 'redis', connection_string: 'redis://h', config: { password: 's3cret' } }, {}],
    ...['tls', 'ssl', 'useTLS', 'sslmode'].flatMap((name) =>
      ['true', 1, 'ON', 'require', 'verify-full'].map((value): [Row, object] => [
        { ...redis, config: { [name]: value } },
        { tls: true },
      ])
    ),
    [{ ...postgres, config: { ssl: 'require' } }, { sslmode: 'verify-full' }],
    [{ ...redis, config: { db: '3', tls: 'off' } }, { db: 3 }],
    [{ ...redis, config: { cluster: 'true' } }, { cluster: true }],
  ]
  const listed: Array<[Row, RegExp]> = [
    [{ ...redis, connection_string: 'redis://h/4', config: { db: 5 } }, /`db` differs/],
    [{ ...redis, connection_string: 'redis://h?tls=false', ssl_enabled: true }, /tls/],
    [{ ...mongo, connection_string: 'mongodb://h/?tls=false', ssl_enabled: true }, /tls/i],
    [
      { ...postgres, connection_string: 'postgresql://h/d?sslmode=disable', ssl_enabled: true },
      /ssl/,
    ],
    [{ ...redis, password: 'another' }, /password kept beside/],
    [{ ...redis, config: { keyPrefix: 'x:' } }, /not taken over: keyPrefix/],
    [
      { ...redis, config: { tls: { rejectUnauthorized: false } } },
      /not taken over: tls\.rejectUnauthorized/,
    ],
    [{ ...redis, config: { sentinels: [], name: 'm' } }, /not taken over: name, sentinels/],
    [{ ...postgres, config: { schema: 'x' } }, /not taken over: schema/],
    [{ ...redis, config: JSON.stringify({ tls: true }) }, /not a JSON object.*TLS/],
    [{ ...redis, config: [{ tls: true }] }, /not a JSON object.*TLS/],
    [{ ...redis, config: { tls: 'perhaps' } }, /not taken over: tls/],
    [{ ...redis, config: { minTlsVersion: '1.3' } }, /not taken over: minTlsVersion/],
    [{ ...redis, config: { cluster: { nodes: ['a:1'] } } }, /not taken over: cluster/],
    [{ ...redis, password: 's3cret', config: { password: 'x' } }, /not taken over: password/],
    [
      {
        type: 'bun_api',
        connection_string: 'https://h',
        password: 's3cret',
        config: { apiKey: 'x' },
      },
      /not taken over: apiKey/,
    ],
    [{ ...redis, connection_string: 'redis://169.254.169.254' }, /never connected to/],
    [{ ...redis, connection_string: 'redis://[::ffff:a9fe:a9fe]' }, /never connected to/],
    [{ ...redis, connection_string: 'ftp://h' }, /cannot be used as it is/],
    [
      {
        ...redis,
        status: 'error',
        health_check_status: 'unhealthy',
        last_error_message: 'redis://u:s3cret@h is away',
      },
      /redis:\/\/\*\*\*@h is away/,
    ],
  ]
  const { outcome, text } = await imported([...applied, ...listed].map(([row]) => row))
  for (const [at, [row, options]] of applied.entries()) {
    const { shown, reasons } = outcome(at)
    expect([row, shown.status, reasons]).toEqual([row, 'ACTIVE', ''])
    expect([row, shown.options]).toEqual([row, expect.objectContaining(options)])
    const isSecret = JSON.stringify(row).includes('s3cret')
    expect([row, shown.has_password]).toEqual([row, isSecret])
  }
  for (const [at, [row, reason]] of listed.entries()) {
    expect([row, outcome(applied.length + at).reasons]).toEqual([
      row,
      expect.stringMatching(reason),
    ])
  }
  expect(text).not.toContain('s3cret')
})

// Of nobody; its key was thrown away.
const pem = readFileSync(join(root, '__test__/fixtures/authority.pem'), 'utf8')

test('a column beside a string is taken with it, or named where it says something else', async () => {
  const bare = { type: 'redis', connection_string: 'redis://h:1' }
  const applied: Array<[Row, object]> = [
    [{ ...bare, beside: { database: '3' } }, { options: { db: 3 } }],
    [{ ...bare, password: 's3cret', beside: { username: 'app' } }, { username: 'app' }],
    [{ ...bare, beside: { username: 'app' } }, { username: 'app' }],
    [
      {
        type: 'postgresql',
        connection_string: 'postgresql://u:s3cret@h:1',
        beside: { database: 'shop' },
      },
      { database_name: 'shop' },
    ],
    [
      {
        type: 'postgresql',
        connection_string: 'postgresql://h:1/d',
        password: 's3cret',
        beside: { username: 'app' },
      },
      { username: 'app', database_name: 'd' },
    ],
    [
      {
        type: 'mongodb',
        connection_string: 'mongodb://h:1',
        password: 's3cret',
        beside: { username: 'app', database: 'shop', replica_set: 'rs' },
      },
      { username: 'app', database_name: 'shop' },
    ],
    [
      { ...bare, beside: { host: 'h', port: 1 } },
      { host: 'h', port: 1 },
    ],
    [
      { ...bare, connection_string: 'redis://h', beside: { host: 'H', port: 7000 } },
      { port: 7000 },
    ],
    [
      {
        type: 'mongodb',
        connection_string: 'mongodb+srv://c.example',
        beside: { host: 'c.example', port: 27017 },
      },
      { host: 'c.example', port: null },
    ],
    ...[
      { use_tls: true },
      { metadata: { tls: true } },
      { metadata: { ssl: 'require' } },
      { ca_certificate: pem },
    ].map((beside): [Row, object] => [
      { ...redis, beside },
      { options: expect.objectContaining({ tls: true }) },
    ]),
  ]
  const listed: Array<[Row, RegExp]> = [
    [{ ...redis, beside: { database: 'shop' } }, /the database kept beside/],
    [
      { ...redis, connection_string: 'redis://h/2', beside: { database: '3' } },
      /the database kept beside/,
    ],
    [{ ...postgres, beside: { database: 'other' } }, /the database kept beside/],
    [{ ...postgres, beside: { username: 'other' } }, /the username kept beside/],
    [
      { ...postgres, beside: { host: 'other', port: 99 } },
      /the host kept beside.*the port kept beside/,
    ],
    [{ ...redis, beside: { ca_certificate: '/etc/ca.pem' } }, /not taken over: ca_certificate/],
    [{ ...redis, beside: { metadata: { tls_min: '1.3' } } }, /not taken over: metadata\.tls_min/],
    ...[
      ['pool', { ssl: true }],
      ['retry', { tls: true }],
      ['minSecurity', 'tls'],
      ['maxStalenessSeconds', 90],
      ['timeouts', [{ host: 'x' }]],
      ['keepAlive', { tls: {} }],
    ].map(([name, value]): [Row, RegExp] => [
      { ...redis, config: { [name as string]: value } },
      new RegExp(`not taken over: ${String(name)}`),
    ]),
  ]
  const { outcome, text } = await imported([...applied, ...listed].map(([row]) => row))
  for (const [at, [row, fields]] of applied.entries()) {
    const { shown, reasons } = outcome(at)
    expect([row, shown.status, reasons]).toEqual([row, 'ACTIVE', ''])
    expect([row, shown]).toEqual([row, expect.objectContaining(fields)])
  }
  for (const [at, [row, reason]] of listed.entries()) {
    expect([row, outcome(applied.length + at).reasons]).toEqual([
      row,
      expect.stringMatching(reason),
    ])
  }
  expect(text).not.toContain('s3cret')
})

test('rows that have no place here are named, and stay where they are', async () => {
  const odd = { type: 'mysql', connection_string: 'mysql://u:s3cret@h' }
  const { report, text, url } = await imported([redis, odd])
  expect(report.warnings).toEqual([
    expect.stringMatching(/^not imported: row-1 \(.*\): its type is not/),
  ])
  expect(text).not.toContain('s3cret')
  const kept = await sql(
    url,
    `SELECT name FROM platform.databases_legacy WHERE connection_string = '${odd.connection_string}'`
  )
  expect(kept).toEqual([{ name: 'row-1' }])
})

test('doctor goes on after rows that can’t be tried, and names each', async () => {
  const rows = [
    { ...redis, connection_string: 'ftp://h' },
    { ...redis, connection_string: 'redis://127.0.0.1:1' },
    { ...mongo, connection_string: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200' },
  ]
  const { options, url } = await imported(rows)
  await sql(
    url,
    `UPDATE platform.database_connections SET connection_string = 'mdb1:broken' WHERE identifier = 'row-1'`
  )
  const run = promisify(execFile)(process.execPath, [join(root, 'dist/cli.js'), 'doctor'], {
    env: {
      ...process.env,
      DATABASE_URL: url,
      DATABASE_ENCRYPTION_KEY: options.encryptionKey,
      MULTIDB_CONNECT_TIMEOUT_MS: '1000',
    },
  })
  const failed = (await run.catch((error: unknown) => error)) as { code: number; stdout: string }
  expect(failed.code).toBe(1)
  const lines = failed.stdout.trim().split('\n')
  expect(lines.map((line) => /^FAIL +\S+ (row-\d)/.exec(line)?.[1]).sort()).toEqual([
    'row-0',
    'row-1',
    'row-2',
  ])
})
