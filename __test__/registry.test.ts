import { ConnectionManager } from 'studio-multidb'
import { eventually } from './support/processes'
import {
  type Answer,
  newProject,
  request,
  required,
  sharedStack,
  startService,
} from './support/stack'

const TYPES = ['redis', 'mongodb', 'postgres', 'bun_api'] as const
const segment = (type: string) => (type === 'bun_api' ? 'bun' : type)

describe('the endpoints', () => {
  const stack = sharedStack({ rateLimit: 'off' })
  let service: Awaited<ReturnType<typeof startService>>
  const urls: Record<(typeof TYPES)[number], string> = {
    redis: '',
    mongodb: '',
    postgres: '',
    bun_api: '',
  }

  beforeAll(async () => {
    service = await startService((_req, res) => res.end('{"status":"ok"}'))
    Object.assign(urls, {
      redis: required('TEST_REDIS_URL'),
      mongodb: required('TEST_MONGODB_URL'),
      postgres: required('TEST_POSTGRES_URL'),
      bun_api: service.url,
    })
  })

  afterAll(() => service?.close())

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
          30_000
        )
        const { body } = await request(other, 'GET', list)
        expect(JSON.stringify(body)).toContain(`"description":"${description}"`)
      }
    } finally {
      await other.shutdown(1000)
    }
  })
})
