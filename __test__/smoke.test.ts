import { type Stack, startStack } from './support/stack'

let stack: Stack

beforeAll(async () => {
  stack = await startStack()
}, 60_000)

afterAll(() => stack.close())

test('health tells that the platform database answers', async () => {
  const { status, body } = await stack.api('GET', '/multidb/health')
  expect(status).toBe(200)
  expect(body.data.platform_database.ok).toBe(true)
})
