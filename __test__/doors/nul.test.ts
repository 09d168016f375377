// Text that no database can hold, in every place that an operation takes text.

import { ConnectionManager } from 'studio-multidb'
import { request, sharedStack } from '../support/stack'

interface Parameter {
  name: string
  in: 'path' | 'query'
}
interface Described {
  operationId: string
  parameters?: Parameter[]
  requestBody?: {
    content: Record<string, { schema: { properties?: Record<string, object> } }>
  }
}

const stack = sharedStack({ rateLimit: 'off' })
const texts = ['a\0b', '\0', 'x\0']

/** A place of each kind, so that the operation is found and looks at its input. */
const scopes: Record<string, () => string> = {
  redis: () => 'default',
  mongodb: () => 'default',
  postgres: () => 'default',
  bun: () => 'default',
}

it('is refused or finds nothing, and breaks nothing', async () => {
  const { body: document } = await stack.api('GET', '/multidb/openapi.json')
  const broken: string[] = []
  let asked = 0
  for (const [path, methods] of Object.entries<Record<string, Described>>(document.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      const places = described.parameters ?? []
      const properties = Object.keys(
        described.requestBody?.content['application/json']?.schema.properties ?? {}
      )
      const kind = path.split('/')[3] ?? ''
      const url = (at?: string, text = '') =>
        path
          .replace('/api/platform', '')
          .replace(/\{(\w+)\}/g, (_, name: string) =>
            name === at
              ? encodeURIComponent(text)
              : name === 'scope'
                ? (scopes[kind]?.() ?? 'default')
                : 'none'
          )
      const ask = async (what: string, target: string, body?: unknown) => {
        const answer = await stack.manager.handle({
          method: method.toUpperCase(),
          path: `/api/platform${target.split('?')[0]}`,
          query: target.split('?')[1] ?? '',
          ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
        })
        answer.stream?.cancel()
        asked += 1
        if (answer.status === 500) broken.push(`${what}: ${answer.body.toString().slice(0, 200)}`)
      }
      for (const text of texts) {
        for (const place of places) {
          const target =
            place.in === 'path'
              ? url(place.name, text)
              : `${url()}?${place.name}=${encodeURIComponent(text)}`
          await ask(`${described.operationId} ${place.name}`, target)
        }
        for (const name of properties) {
          await ask(`${described.operationId} ${name}`, url(), { [name]: text })
        }
      }
    }
  }
  expect(broken).toEqual([])
  expect(asked).toBeGreaterThan(500)
})

it('is stored in no field of a connection', async () => {
  for (const type of ['redis', 'mongodb', 'postgres', 'bun_api']) {
    const secrets = ['password', 'host', 'username', 'database_name']
    const options = ['api_key', 'client_pem', 'path', 'request_headers']
    for (const text of texts) {
      const bodies = [
        ...secrets.map((name) => ({ [name]: text })),
        ...options.map((name) => ({ options: { [name]: text } })),
      ]
      for (const body of bodies) {
        const given = { project_ref: 'default', name: 'nul', type, host: '127.0.0.1', ...body }
        const { status } = await stack.api('POST', '/databases?skip_test=true', given)
        expect([type, body, status]).toEqual([type, body, 400])
      }
    }
  }
})

it('is no connection’s, no project’s and nobody’s name', async () => {
  const members = new ConnectionManager({ ...stack.options, authorization: 'members' })
  const given = {
    project_ref: 'default',
    name: 'a\0b',
    type: 'redis',
    connection_string: 'redis://127.0.0.1:1',
    description: 'a\0b',
    skip_test: true,
  }
  const answers = [
    await stack.api('POST', '/databases', given),
    await stack.api('POST', '/databases', { ...given, name: 'nul' }),
    await stack.api('POST', '/databases', { ...given, name: 'nul', project_ref: 'a\0b' }),
    await stack.api('PATCH', `/databases/${stack.ids.redis}`, { description: 'a\0b' }),
    await stack.api('GET', '/databases?projectRef=a%00b'),
    await stack.api('GET', '/redis/a%00b/info'),
    await stack.api('GET', '/redis/default/info?identifier=a%00b'),
    await request(members, 'GET', '/databases', undefined, 'a\0b'),
    await request(members, 'GET', '/redis/default/info', undefined, 'a\0b'),
    await request(members, 'GET', '/multidb/pools', undefined, '\0'),
  ]
  await members.shutdown(1000)
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((status) => ![400, 401, 403, 404].includes(status))).toEqual([])
})
