import { sendRaw, sharedStack } from '../support/stack'

const stack = sharedStack({ rateLimit: 'off' })
const prefix = `values:${process.pid}:${Date.now().toString(36)}:`

const redis = (method: string, path: string, body?: unknown) =>
  stack.api(method, `/redis/default${path}`, body)
const key = (name: string) => encodeURIComponent(prefix + name)
const raw = (method: string, path: string, body: string | Buffer) =>
  sendRaw(stack.manager, method, path, body)

describe('bodies', () => {
  test.each([
    ['cut off', '{"value":'],
    ['not JSON', 'value=1'],
    ['a list', '[1]'],
    ['a number', '1'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['trailing text', '{"value":"a"}{}'],
    ['twice the same member', '{"value":"a","value":"b"}'],
    ['an unknown member', '{"value":"a","ttll":1}'],
    ['nothing', ''],
    ['nesting without end', '['.repeat(1_000_000)],
    ['deep objects', '{"value":'.repeat(5000) + '1' + '}'.repeat(5000)],
    ['a lone surrogate', '{"value":"\\ud800"}'],
  ])('%s is a clean 400', async (_name, body) => {
    const answer = await raw('POST', `/redis/default/keys/${key('never')}`, body)
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR'])
    expect((await redis('GET', `/keys/${key('never')}`)).status).toBe(404)
  })

  test('more than the limit is 413 before it is read', async () => {
    const large = await raw(
      'POST',
      `/redis/default/keys/${key('never')}`,
      Buffer.alloc(65 << 20, 32)
    )
    expect([large.status, large.body.error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
  })

  test('a path that is not one, and a method that is not offered, have their own answers', async () => {
    for (const path of [
      '/nothing',
      '/redis',
      '/redis/default/keys/a/b',
      '/redis/%ff/keys',
      '//x',
    ]) {
      expect([400, 404]).toContain((await stack.api('GET', path)).status)
    }
    const wrong = await stack.api('PATCH', '/redis/default/keys')
    expect(wrong.status).toBe(405)
    expect(wrong.headers.allow).toContain('GET')
    expect((await stack.api('BREW', '/redis/default/keys')).status).toBe(405)
  })
})
