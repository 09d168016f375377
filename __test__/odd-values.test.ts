// Every value that PostgreSQL can hold is read, or spoils its own row alone: in an older Studio's table,
// and in platform.database_connections.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConnectionManager } from 'studio-multidb'
import { root } from './support/processes'
import { ownServer } from './support/older-studio'
import { newKey, newProject, request, sql } from './support/stack'

const schema = readFileSync(join(root, 'migrations/001_create_platform_schema.sql'), 'utf8')

const CONFIGS: Array<[type: string, config: string]> = [
  ...['1e400', '99999999999999999999', '-1', '3.5', '1e9', '"1e400"', '9'.repeat(500)].map(
    (db): [string, string] => ['jsonb', `{"db":${db}}`]
  ),
  ['jsonb', '{"maxRetriesPerRequest":1e400}'],
  ['jsonb', '{"x":1e400,"tls":true}'],
  ['jsonb', `{"x":${'['.repeat(300)}${']'.repeat(300)}}`],
  ['json', '{"db":1e400}'],
  ['json', '{"db":1e999999999}'],
  ['json', '{"note":"\\u0000"}'],
  ['json', '{"\\u0000":"\\u0000\\u0000"}'],
  ['json', '{"x":"\\ud800"}'],
  ['json', '{"x":"\\udc00\\ud800"}'],
  ['json', `{"x":${'['.repeat(3000)}${']'.repeat(3000)}}`],
  ['json', '{"db":1,"db":2}'],
  ['json', '"\\u0000"'],
  ['json', '[]'],
  ['json', 'null'],
  ['text', '{"tls":true}'],
  ['text', 'not json'],
  ['text', ''],
  ['text', `{"note":"\\u0000"}`],
  ['text', 'x'.repeat(1_000_000)],
]

const TIMES = [
  'infinity',
  '-infinity',
  '0050-01-01 BC',
  '4713-01-01 BC',
  '0001-01-01',
  '200000-01-01',
  '294276-12-31 23:59:59.999999+00',
]
const ODD = [
  ...['created_at', 'updated_at', 'last_connected_at'].flatMap((column) =>
    TIMES.map((time) => `${column} = '${time}'`)
  ),
  ...[
    '{"db": 1e400}',
    `{"db": ${'9'.repeat(500)}}`,
    '{"tls": "maybe", "x": [1]}',
    '{"sslmode": null}',
    `{"a": ${'['.repeat(500)}${']'.repeat(500)}}`,
    '{"hosts": [1, null, {}]}',
  ].map((options) => `options = '${options}'`),
  `connection_string = 'mdb1:nokey:AAAA'`,
  `connection_string = 'U2FsdGVkX1'`,
  'connection_string = NULL, host = NULL',
  `host = repeat('h', 100000)`,
  `last_error = repeat('e', 5000000)`,
  'version = -1',
  'version = 9223372036854775807',
  `status = 'WEIRD'`,
  `description = E'\\x01\\u2028'`,
]

describe.each(['12', '18'])('on PostgreSQL %s', (version) => {
  const own = ownServer(version)
  const managers: ConnectionManager[] = []

  afterEach(async () => {
    for (const manager of managers.splice(0)) await manager.shutdown(1000)
  })

  async function fresh() {
    const url = await own.fresh(schema)
    const key = newKey()
    const open = () => {
      const options = { databaseUrl: url, encryptionKey: key, logLevel: 'off' as const }
      const manager = new ConnectionManager(options)
      managers.push(manager)
      return manager
    }
    return { url, open, project: await newProject(url, 'old') }
  }

  test.each(['json', 'jsonb', 'text'])(
    'a config of type %s stops no other row',
    async (type) => {
      const { url, open, project } = await fresh()
      await sql(
        url,
        `CREATE TABLE platform.databases (id UUID DEFAULT platform.new_uuid(), project_id UUID, name TEXT,
         type TEXT, connection_string TEXT, config ${type}, created_at TIMESTAMPTZ, status TEXT DEFAULT 'active')`
      )
      const configs = CONFIGS.filter(([of]) => of === type).map(([, config]) => config)
      const rows = [
        ...configs.map((config) => [config, null]),
        ...TIMES.map((time) => [null, time]),
      ]
      for (const [at, [config, time]] of [[null, null], ...rows].entries()) {
        await sql(
          url,
          `INSERT INTO platform.databases (project_id, name, type, connection_string, config, created_at)
           VALUES ('${project}', 'row-${at}', 'redis', 'redis://h', $1::text::${type}, $2::text::timestamptz)`,
          [config, time]
        )
      }
      const planned = JSON.parse(await open().native.migrate(true))
      const done = JSON.parse(await open().native.migrate(false))
      expect(planned.imported).toEqual(done.imported)
      const listed = done.imported.needing_attention.length
      expect(done.imported.connections + listed).toBe(rows.length + 1)
      expect(done.warnings.join()).not.toMatch(/looked at/)
      const { body } = await request(open(), 'GET', '/databases?limit=1000')
      expect(body.data.databases).toHaveLength(rows.length + 1)
      const good = body.data.databases.find(({ identifier }: any) => identifier === 'row-0')
      expect(good.status).toBe('ACTIVE')
    },
    60_000
  )

  test('a value in a row of connections spoils that row alone', async () => {
    const { url, open, project } = await fresh()
    await open().native.migrate(false)
    await sql(
      url,
      'ALTER TABLE platform.database_connections DROP CONSTRAINT database_connections_status_known'
    )
    const maker = open()
    for (const at of ODD.keys()) {
      const body = {
        identifier: `r-${at}`,
        connection_string: 'redis://127.0.0.1:1',
        skip_test: true,
      }
      expect((await request(maker, 'POST', '/redis/old/connections', body)).status).toBe(201)
    }
    for (const [at, set] of ODD.entries()) {
      await sql(url, `UPDATE platform.database_connections SET ${set} WHERE identifier = 'r-${at}'`)
    }
    await sql(
      url,
      `INSERT INTO platform.database_connections (project_id, database_type, identifier, host, port)
       VALUES ('${project}', 'redis', 'good', '127.0.0.1', 1)`
    )
    const manager = open()
    const names: string[] = []
    let cursor = ''
    do {
      const { status, body } = await request(manager, 'GET', `/databases?limit=5${cursor}`)
      expect(status).toBe(200)
      names.push(...body.data.databases.map(({ identifier }: any) => identifier as string))
      cursor = body.data.cursor ? `&cursor=${body.data.cursor}` : ''
    } while (cursor)
    expect(names.sort()).toEqual(
      [...ODD.keys()]
        .map((at) => `r-${at}`)
        .concat('good')
        .sort()
    )
    // Reached, and not there: the address leads nowhere, the row was read.
    const other = await request(manager, 'GET', '/redis/old/keys?identifier=good')
    expect(other.body.error.code).toBe('DB_CONNECTION_FAILED')
    const again = JSON.parse(await manager.native.migrate(false))
    expect(again.warnings.join()).toMatch(/of \d+ stored connections don't open/)
  }, 60_000)
})
