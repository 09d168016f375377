// Of a member that is given twice, one value would win without a word. No endpoint takes such a body.
import { ConnectionManager } from 'studio-multidb'

interface Operation {
  requestBody?: { content: Record<string, { schema: { properties?: Record<string, unknown> } }> }
}

let manager: ConnectionManager

beforeAll(() => {
  manager = new ConnectionManager({ logLevel: 'off' })
})

afterAll(() => manager?.shutdown())

async function send(method: string, path: string, body?: string) {
  const answer = await manager.handle({
    method,
    path,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: Buffer.from(body) }),
  })
  return { status: answer.status, json: JSON.parse(answer.body.toString()) }
}

test('every endpoint refuses a member that is given twice, wherever it is, and says where', async () => {
  const { json: api } = await send('GET', '/api/platform/multidb/openapi.json')
  let tried = 0
  for (const [path, methods] of Object.entries<Record<string, Operation>>(api.paths)) {
    const concrete = path.replace(/\{(\w+)\}/g, 'a')
    for (const [method, operation] of Object.entries(methods)) {
      const properties = operation.requestBody?.content['application/json']?.schema.properties
      for (const name of Object.keys(properties ?? {})) {
        for (const [value, at] of [
          ['1,"NAME":2', name],
          ['{"x":[{"k":1,"k":2}]}', `${name}.x[0].k`],
          ['[[{"\\u006b":1,"k":{}}]]', `${name}[0][0].k`],
          ['{"$binary":{"base64":"","base64":"AA==","subType":"00"}}', `${name}.$binary.base64`],
        ] as const) {
          const body = `{${JSON.stringify(name)}:${value.replace('NAME', name)}}`
          const { status, json } = await send(method.toUpperCase(), concrete, body)
          const label = `${method} ${path} ${body}`
          expect([label, status, json.message]).toEqual([label, 400, `\`${at}\` is given twice`])
          tried += 1
        }
      }
    }
  }
  expect(tried).toBeGreaterThan(400)
})
