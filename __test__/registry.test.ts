import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConnectionManager } from 'studio-multidb'
import { startPostgres } from '../scripts/servers/index.mjs'
import { eventually, root } from './support/processes'
import {
  type Answer,
  newDatabase,
  newKey,
  newProject,
  request,
  required,
  sql,
  type Stack,
  startService,
  startStack,
} from './support/stack'

const TYPES = ['redis', 'mongodb', 'postgres', 'bun_api'] as const
const segment = (type: string) => (type === 'bun_api' ? 'bun' : type)
const fixture = readFileSync(join(root, '__test__/fixtures/legacy_studio.sql'), 'utf8')
const architecture = readFileSync(join(root, 'migrations/001_create_platform_schema.sql'), 'utf8')

/** Runs a script of many statements, wrapped for a path that takes one. */
async function script(url: string, text: string) {
  const tag = '$script_of_the_test$'
  await sql(url, `DO ${tag} BEGIN EXECUTE $body_of_the_test$${text}$body_of_the_test$; END ${tag}`)
}

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
  let server: Awaited<ReturnType<typeof startPostgres>> | undefined
  let fresh: () => Promise<string>

  beforeAll(async () => {
    try {
      server = await startPostgres({ version: Number(version) })
    } catch (error) {
      console.warn(`PostgreSQL ${version} can't be had: ${String(error).slice(0, 300)}`)
      return
    }
    const { url } = server
    let count = 0
    fresh = async () => {
      const name = `m_${++count}`
      await sql(url, `CREATE DATABASE ${name}`)
      return Object.assign(new URL(url), { pathname: `/${name}` }).href
    }
  }, 120_000)

  afterAll(() => server?.stop())

  test('an empty database is migrated once, and a rerun changes nothing', async () => {
    if (!server) return
    const url = await fresh()
    const { manager, report } = await migrated(url)
    expect(report.migrations.map(({ state }: { state: string }) => state)).toEqual([
      'applied',
      'applied',
    ])
    const again = JSON.parse(await manager.native.migrate(false))
    expect(again.migrations.map(({ state }: { state: string }) => state)).toEqual([
      'present',
      'present',
    ])
    await newProject(url, 'default')
    const body = { identifier: 'one', connection_string: 'redis://:x@127.0.0.1:1', skip_test: true }
    expect((await request(manager, 'POST', '/redis/default/connections', body)).status).toBe(201)
    await manager.shutdown(1000)
  }, 60_000)

  test('a Studio that has the first migration keeps its rows', async () => {
    if (!server) return
    const url = await fresh()
    await script(url, architecture)
    const project = await newProject(url, 'kept')
    const { manager } = await migrated(url)
    const rows = await sql(url, 'SELECT id::text, ref FROM platform.projects')
    expect(rows).toEqual([{ id: project, ref: 'kept' }])
    await manager.shutdown(1000)
  }, 60_000)

  test('a Studio with the legacy table loses nothing: rows are imported, sealed, and imported once', async () => {
    if (!server) return
    const url = await fresh()
    await script(url, fixture)
    const before = await sql(
      url,
      'SELECT id::text, project_id::text, name FROM platform.databases ORDER BY id'
    )
    const { manager, report } = await migrated(url)
    expect(report.imported.connections + report.imported.needing_attention).toBe(before.length)
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
    expect(again.imported).toEqual({ connections: 0, needing_attention: 0 })
    expect(await sql(url, legacy)).toEqual(before)
    const views = `SELECT (SELECT count(*) FROM platform.databases)::int AS n`
    expect(await sql(url, views)).toEqual([{ n: before.length - 1 }])
    await manager.shutdown(1000)
  }, 60_000)
})

describe('the endpoints', () => {
  let stack: Stack
  let service: Awaited<ReturnType<typeof startService>>
  const urls: Record<(typeof TYPES)[number], string> = {
    redis: '',
    mongodb: '',
    postgres: '',
    bun_api: '',
  }

  beforeAll(async () => {
    stack = await startStack({ rateLimit: 'off' })
    service = await startService((_req, res) => res.end('{"status":"ok"}'))
    Object.assign(urls, {
      redis: required('TEST_REDIS_URL'),
      mongodb: required('TEST_MONGODB_URL'),
      postgres: required('TEST_POSTGRES_URL'),
      bun_api: service.url,
    })
  }, 60_000)

  afterAll(async () => {
    await stack?.close()
    await service?.close()
  })

  describe.each(TYPES)('of %s', (type) => {
    const connections = `/${segment(type)}/own-${segment(type)}/connections`
    const steps = (answer: Answer) =>
      answer.body.data.steps.map(({ name, ok }: { name: string; ok: boolean }) => [name, ok])

    test('a connection is made, read, tested, edited and removed', async () => {
      await newProject(stack.databaseUrl, `own-${segment(type)}`)
      const made = await stack.api('POST', connections, {
        identifier: 'first',
        connection_string: urls[type],
        description: 'of a test',
        is_primary: true,
      })
      expect(made.status).toBe(201)
      const { id } = made.body.data
      expect(made.body.data).toMatchObject({
        identifier: 'first',
        database_type: type,
        is_primary: true,
        status: 'ACTIVE',
      })
      expect(made.body.data).not.toHaveProperty('password')

      const list = await stack.api('GET', connections)
      expect(list.body.data.connections.map((c: { id: string }) => c.id)).toEqual([id])

      const tested = await stack.api('POST', `${connections}/${id}/test`)
      expect(tested.body.data).toMatchObject({ success: true })
      expect(tested.body.data.latency_ms).toBeGreaterThan(0)
      expect(steps(tested)).toEqual(
        expect.arrayContaining([
          ['connect', true],
          ['ping', true],
        ])
      )
      const facts = {
        redis: ['mode', 'memory_used', 'version'],
        mongodb: ['topology', 'databases', 'version'],
        postgres: ['server_encoding', 'is_superuser', 'version'],
        bun_api: [],
      }[type]
      for (const fact of facts) expect(tested.body.data).toHaveProperty(fact)

      const edited = await stack.api('PUT', `${connections}/${id}`, { description: 'edited' })
      expect(edited.body.data).toMatchObject({ id, description: 'edited' })
      expect((await stack.api('GET', `/databases/${id}`)).body.data.description).toBe('edited')

      expect((await stack.api('DELETE', `${connections}/${id}`)).body.data).toEqual({ id })
      expect((await stack.api('GET', `/databases/${id}`)).status).toBe(404)
      expect((await stack.api('DELETE', `${connections}/${id}`)).status).toBe(404)
    })

    test('a target that does not answer says at which step, and is not saved unasked', async () => {
      const target = new URL(urls[type])
      target.port = '1'
      const unsaved = await stack.api('POST', '/databases/test', {
        type,
        connection_string: target.href,
      })
      expect(unsaved.status).toBe(200)
      expect(unsaved.body.data.success).toBe(false)
      expect(unsaved.body.data.code).toMatch(/DB_CONNECTION_FAILED|DB_TIMEOUT/)
      expect(steps(unsaved).at(-1)).toEqual(['connect', false])
      const body = { identifier: 'absent', connection_string: target.href }
      const refused = await stack.api('POST', connections, body)
      expect(refused.status).toBeGreaterThanOrEqual(500)
      const saved = await stack.api('POST', `${connections}?skip_test=true`, body)
      expect(saved.body.data.status).toBe('INACTIVE')
      await stack.api('DELETE', `/databases/${saved.body.data.id}`)
    }, 30_000)

    test('secrets are shown masked, and an edited host needs them again', async () => {
      const url = new URL(urls[type])
      url.username = type === 'bun_api' ? '' : 'somebody'
      url.password = type === 'bun_api' ? '' : 'very-secret'
      const made = await stack.api('POST', `${connections}?skip_test=true`, {
        identifier: 'masked',
        connection_string: url.href,
        ...(type === 'bun_api' ? { password: 'very-secret' } : {}),
      })
      expect(made.status).toBe(201)
      const { id } = made.body.data
      expect(made.body.data.has_password).toBe(true)
      const shown = JSON.stringify((await stack.api('GET', `/databases/${id}`)).body)
      expect(shown).not.toContain('very-secret')
      if (type !== 'bun_api') expect(made.body.data.connection_string).toContain('***@')

      const moved =
        type === 'bun_api' ? { connection_string: 'http://127.0.0.2:9/' } : { host: '127.0.0.2' }
      const kept = await stack.api('PATCH', `/databases/${id}`, moved)
      expect([kept.status, kept.body.error.code]).toEqual([400, 'VALIDATION_ERROR'])
      const brought = await stack.api('PATCH', `/databases/${id}`, { ...moved, password: 'again' })
      expect(brought.status).toBe(200)
      expect(JSON.stringify(brought.body)).not.toContain('again')
      await stack.api('DELETE', `/databases/${id}`)
    })

    test('of several without a primary, the one meant must be said', async () => {
      const ref = `several-${segment(type)}`
      await newProject(stack.databaseUrl, ref)
      for (const identifier of ['left', 'right']) {
        const body = { identifier, connection_string: urls[type], skip_test: true }
        expect((await stack.api('POST', `/${segment(type)}/${ref}/connections`, body)).status).toBe(
          201
        )
      }
      const one = {
        redis: ['GET', '/info'],
        mongodb: ['GET', '/databases'],
        postgres: ['GET', '/tables'],
        bun_api: ['GET', '/health'],
      }[type] as [string, string]
      const unclear = await stack.api(one[0], `/${segment(type)}/${ref}${one[1]}`)
      expect(unclear.status).toBe(409)
      expect(JSON.stringify(unclear.body)).toMatch(/left.*right|right.*left/)
      const named = await stack.api(one[0], `/${segment(type)}/${ref}${one[1]}?identifier=left`)
      expect(named.status).toBe(200)
    })
  })

  test('lists are paged without gaps and repeats', async () => {
    const ref = 'paged'
    await newProject(stack.databaseUrl, ref)
    for (let i = 0; i < 7; i++) {
      const body = {
        identifier: `p-${i}`,
        connection_string: 'redis://127.0.0.1:1',
        skip_test: true,
      }
      await stack.api('POST', `/redis/${ref}/connections`, body)
    }
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const more: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''
      const { body } = await stack.api('GET', `/databases?projectRef=${ref}&limit=3${more}`)
      seen.push(...body.data.databases.map((c: { identifier: string }) => c.identifier))
      cursor = body.data.cursor
    }
    expect(seen.sort()).toEqual(Array.from({ length: 7 }, (_, i) => `p-${i}`))
    for (const bad of [
      'limit=0',
      'limit=1001',
      'cursor=x',
      'type=oracle',
      'status=odd',
      'project=x',
    ]) {
      expect((await stack.api('GET', `/databases?${bad}`)).status).toBe(400)
    }
  })

  test('identifiers are unique, well formed, and one primary gives way to the next', async () => {
    const ref = 'primaries'
    await newProject(stack.databaseUrl, ref)
    const make = (identifier: string, more: object = {}) =>
      stack.api('POST', `/redis/${ref}/connections`, {
        identifier,
        connection_string: 'redis://127.0.0.1:1',
        skip_test: true,
        ...more,
      })
    expect((await make('a', { is_primary: true })).status).toBe(201)
    expect((await make('a')).status).toBe(409)
    expect((await make('Not An Identifier')).status).toBe(400)
    expect((await make('b', { is_primary: true })).status).toBe(201)
    const { body } = await stack.api('GET', `/redis/${ref}/connections`)
    const primaries = body.data.connections.filter((c: { is_primary: boolean }) => c.is_primary)
    expect(primaries.map((c: { identifier: string }) => c.identifier)).toEqual(['b'])
  })

  test('stats and health count what is there', async () => {
    const { body } = await stack.api('GET', '/databases/stats?projectRef=default')
    expect(body.data.total).toBe(4)
    const health = await stack.api('GET', '/databases/health?projectRef=default&probe=true')
    expect(JSON.stringify(health.body)).toContain('healthy')
  })

  test('an edit by one manager is seen at once by another', async () => {
    // Another configuration, so another service in this process, as another process would be.
    const other = new ConnectionManager({ ...stack.options, maxClients: 42 })
    try {
      const path = `/databases/${stack.ids.redis}`
      const list = '/databases?projectRef=default'
      await request(other, 'GET', path)
      await request(other, 'GET', list)
      for (const description of ['one', 'two']) {
        await stack.api('PATCH', path, { description })
        await eventually(
          'the edit seen',
          async () => (await request(other, 'GET', path)).body.data.description === description,
          3000
        )
        const { body } = await request(other, 'GET', list)
        expect(JSON.stringify(body)).toContain(`"description":"${description}"`)
      }
    } finally {
      await other.shutdown(1000)
    }
  })
})

describe('roles', () => {
  let stack: Stack
  let manager: ConnectionManager
  let foreign: string
  const users = {
    owner: '00000000-0000-4000-8000-00000000000a',
    admin: '00000000-0000-4000-8000-00000000000b',
    developer: '00000000-0000-4000-8000-00000000000c',
    viewer: '00000000-0000-4000-8000-00000000000d',
    stranger: '00000000-0000-4000-8000-00000000000e',
  }
  const nobody = '00000000-0000-4000-8000-0000000000ff'

  beforeAll(async () => {
    stack = await startStack({ authorization: 'members', rateLimit: 'off' })
    manager = new ConnectionManager({ ...stack.options, authorization: 'off' })
    for (const [role, user] of Object.entries(users)) {
      if (role === 'stranger') continue
      await sql(
        stack.databaseUrl,
        'INSERT INTO platform.project_members (project_id, user_id, role) VALUES ($1, $2, $3)',
        [stack.projectId, user, role === 'viewer' ? 'read_only' : role]
      )
    }
    await newProject(stack.databaseUrl, 'foreign')
    const body = { identifier: 'theirs', connection_string: 'redis://127.0.0.1:1', skip_test: true }
    foreign = (await request(manager, 'POST', '/redis/foreign/connections', body)).body.data.id
  }, 60_000)

  afterAll(async () => {
    await manager?.shutdown(1000)
    await stack?.close()
  })

  const things = '/mongodb/default/databases/roles_test/collections/things'
  const classes: Record<'read' | 'write' | 'admin', Array<[string, string, unknown?]>> = {
    read: [
      ['GET', '/redis/default/info'],
      ['POST', '/redis/default/command', { line: 'SORT roles-none' }],
      ['GET', '/redis/default/memory?max_examined=10'],
      ['GET', '/mongodb/default/databases'],
      ['POST', `${things}/aggregate`, { pipeline: [] }],
      ['POST', `${things}/explain`, { delete: {}, verbosity: 'executionStats' }],
      ['GET', '/postgres/default/tables'],
      ['POST', '/postgres/default/query', { query: 'SELECT 1', read_only: true }],
      ['GET', '/bun/default/health'],
      ['POST', '/bun/default/request', { method: 'GET', path: '/x' }],
      ['GET', '/redis/default/connections'],
    ],
    write: [
      ['POST', '/redis/default/keys/roles-test', { value: '1', ttl: 5 }],
      ['POST', '/redis/default/batch', { commands: [['SET', 'roles-test', '1', 'EX', '5']] }],
      ['POST', '/redis/default/command', { line: 'SORT roles-none STORE roles-none' }],
      ['POST', '/postgres/default/query', { query: 'SELECT 1' }],
      ['POST', '/bun/default/request', { method: 'POST', path: '/x' }],
      ['POST', `${things}/aggregate`, { pipeline: [{ $out: 'others' }], confirm: true }],
      ['POST', `${things}/aggregate`, { pipeline: [{ $merge: 'others' }], confirm: true }],
    ],
    admin: [
      [
        'POST',
        '/databases/test',
        { type: 'redis', connection_string: 'redis://127.0.0.1:1', projectRef: 'default' },
      ],
      ['PATCH', '/databases/$id', { description: 'x' }],
      ['POST', '/redis/default/command', { line: 'CONFIG GET maxmemory', confirm: true }],
      ['GET', '/redis/default/slowlog'],
      ['GET', '/redis/default/clients'],
      ['GET', '/redis/default/config'],
      ['GET', '/multidb/pools'],
      ['POST', '/mongodb/default/databases/admin/aggregate', { pipeline: [{ $currentOp: {} }] }],
      ['POST', `${things}/aggregate`, { pipeline: [{ $unionWith: 'system.profile' }] }],
      ['POST', things.replace('things', 'system.js') + '/count', {}],
    ],
  }
  const may: Record<keyof typeof users, string[]> = {
    owner: ['read', 'write', 'admin'],
    admin: ['read', 'write', 'admin'],
    developer: ['read', 'write'],
    viewer: ['read'],
    stranger: [],
  }

  test.each(Object.keys(users) as Array<keyof typeof users>)('%s', async (role) => {
    for (const [needed, requests] of Object.entries(classes)) {
      for (const [method, path, body] of requests) {
        const target = path.replace('$id', stack.ids.redis)
        const { status, body: answer } = await stack.api(method, target, body, users[role])
        const code = answer.error?.code ?? answer.data?.[0]?.error?.code
        const allowed = may[role].includes(needed)
        const told = `${role} ${method} ${path}: ${status} ${code}`
        if (allowed) expect(told).toMatch(/: 20\d undefined$/)
        else if (role === 'stranger') expect(told).toMatch(/: (403|404) /)
        else expect(told).toMatch(/(403 )?PERMISSION_DENIED$/)
      }
    }
  })

  test('without a user nothing is told', async () => {
    for (const [method, path, body] of Object.values(classes).flat()) {
      const answer = await stack.api(method, path.replace('$id', stack.ids.redis), body)
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 401, 'UNAUTHENTICATED'])
    }
    expect((await stack.api('GET', `/databases/${nobody}`)).status).toBe(401)
    expect((await stack.api('GET', '/databases')).status).toBe(401)
  })

  /** A body without what differs from one request to the next. */
  const comparable = ({ status, body }: Answer, ...ids: string[]) => {
    let text = JSON.stringify({ status, body })
    for (const id of ids) text = text.replaceAll(id, 'ID')
    return text.replace(/"request_id":"[^"]*"/, '')
  }

  test.each([
    ['GET', '/databases/ID', undefined],
    ['PATCH', '/databases/ID', { description: 'x' }],
    ['DELETE', '/databases/ID', undefined],
    ['POST', '/databases/ID/test', undefined],
    ['GET', '/redis/ID/info', undefined],
    ['GET', '/redis/default/info?connection_id=ID', undefined],
    ['POST', '/redis/default/connections/ID/test', undefined],
    ['PUT', '/redis/default/connections/ID', { description: 'x' }],
    ['GET', '/mongodb/ID/databases', undefined],
    ['POST', '/databases/test', { connection_id: 'ID' }],
  ] as Array<[string, string, unknown]>)(
    'another project’s connection answers as one that does not exist: %s %s',
    async (method, path, body) => {
      const ask = (id: string) =>
        stack.api(
          method,
          path.replace('ID', id),
          body && JSON.parse(JSON.stringify(body).replace('ID', id)),
          users.owner
        )
      const [theirs, missing] = [await ask(foreign), await ask(nobody)]
      expect(comparable(theirs, foreign)).toBe(comparable(missing, nobody))
      expect(theirs.status).toBe(404)
    }
  )

  test('another project answers as one that does not exist', async () => {
    const [theirs, missing] = [
      await stack.api('GET', '/redis/foreign/info', undefined, users.owner),
      await stack.api('GET', '/redis/missing/info', undefined, users.owner),
    ]
    expect(comparable(theirs, 'foreign')).toBe(comparable(missing, 'missing'))
    const { body } = await stack.api('GET', '/databases?limit=1000', undefined, users.owner)
    expect(JSON.stringify(body)).not.toContain('theirs')
    const stats = await stack.api('GET', '/databases/stats', undefined, users.stranger)
    expect(stats.body.data?.total ?? 0).toBe(0)
  })

  test('a permission for one connection widens or narrows the role there alone', async () => {
    const grant = (user: string, role: string) =>
      sql(
        stack.databaseUrl,
        `INSERT INTO platform.database_permissions (database_id, user_id, role) VALUES ($1, $2, $3)`,
        [stack.ids.redis, user, role]
      )
    await grant(users.viewer, 'write')
    await grant(users.developer, 'read')
    const write: [string, string, unknown] = [
      'POST',
      '/redis/default/keys/roles-test',
      { value: '1', ttl: 5 },
    ]
    const fresh = new ConnectionManager({ ...stack.options, maxClients: 43 })
    try {
      expect((await request(fresh, ...write, users.viewer)).status).toBeLessThan(300)
      expect((await request(fresh, ...write, users.developer)).status).toBe(403)
      const query = { query: 'SELECT 1' }
      const path = '/postgres/default/query'
      expect((await request(fresh, 'POST', path, query, users.viewer)).status).toBe(403)
      expect((await request(fresh, 'POST', path, query, users.developer)).status).toBe(200)
    } finally {
      await fresh.shutdown(1000)
    }
  })
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
