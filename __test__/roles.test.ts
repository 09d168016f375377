import { ConnectionManager } from 'studio-multidb'
import { type Answer, newProject, request, sharedStack, sql } from './support/stack'

describe('roles', () => {
  const stack = sharedStack({ authorization: 'members', rateLimit: 'off' })
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
  })

  afterAll(() => manager?.shutdown(1000))

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
      ['GET', '/multidb/pools'],
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
