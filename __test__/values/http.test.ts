import type { IncomingHttpHeaders } from 'node:http'
import { newProject, sharedStack, startService } from '../support/stack'

const stack = sharedStack({ rateLimit: 'off' })
let service: Awaited<ReturnType<typeof startService>>
const seen: Array<{ url: string; headers: IncomingHttpHeaders }> = []

beforeAll(async () => {
  service = await startService((req, res) => {
    seen.push({ url: req.url ?? '', headers: req.headers })
    if (req.url?.startsWith('/base/leave')) {
      res.writeHead(302, { location: `${service.url}/outside` })
      return res.end()
    }
    if (req.url?.startsWith('/base/binary')) return res.end(Buffer.from([0xff, 0x00, 0xfe]))
    res.setHeader('content-type', 'application/json')
    res.end('{"__proto__":{"kept":true},"big":9007199254740993,"zero":-0.0}')
  })
})

afterAll(() => service?.close())

const binary = (...bytes: number[]) => ({
  $binary: { base64: Buffer.from(bytes).toString('base64') },
})

describe('an HTTP service', () => {
  const canary = 'bun-key-canary-4711'

  beforeAll(async () => {
    await newProject(stack.databaseUrl, 'service')
    const made = await stack.api('POST', '/bun/service/connections', {
      identifier: 'api',
      connection_string: `${service.url}/base`,
      password: canary,
      skip_test: true,
    })
    if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  })

  const send = (body: object) => stack.api('POST', '/bun/service/request', body)

  test('gets the key, and the caller does not', async () => {
    const { status, body } = await send({ method: 'GET', path: '/thing' })
    expect(status).toBe(200)
    const [last] = seen.slice(-1)
    expect(last?.url).toBe('/base/thing')
    expect(JSON.stringify(last?.headers)).toContain(canary)
    expect(JSON.stringify(body)).not.toContain(canary)
    expect(JSON.stringify((await stack.api('GET', '/databases')).body)).not.toContain(canary)
  })

  test('its JSON comes back digit for digit', async () => {
    const answer = await stack.manager.handle({
      method: 'POST',
      path: '/api/platform/bun/service/request',
      body: Buffer.from('{"path":"/json"}'),
    })
    expect(answer.body.toString()).toContain('"big":9007199254740993')
    expect(answer.body.toString()).toContain('{"__proto__":{"kept":true}')
    const bytes = await send({ path: '/binary' })
    expect(bytes.body.data.body).toEqual(binary(0xff, 0, 0xfe))
  })

  test.each([
    '../outside',
    '/../outside',
    '/a/../../outside',
    '/%2e%2e/outside',
    '/%2E%2e%2foutside',
    '/a/..%2f..%2foutside',
    '/%252e%252e/outside',
    '\\..\\outside',
    '/..\\outside',
    '//127.0.0.1/outside',
    'http://127.0.0.1/outside',
    'https://example.com/',
    '/a\r\nX-Evil: 1',
    '/a b\0',
    '/;/../outside',
  ])('is not reached outside its base URL by %j', async (path) => {
    const before = seen.length
    const { status } = await send({ path })
    const reached = seen.slice(before).map(({ url }) => url)
    expect(
      reached.filter((url) => !new URL(url, 'http://x').pathname.startsWith('/base/'))
    ).toEqual([])
    expect(reached.filter((url) => /\.\.|%2e/i.test(decodeURI(url)))).toEqual([])
    if (reached.length === 0) expect([400, 403]).toContain(status)
  })

  test('a redirect is shown, not followed', async () => {
    const before = seen.length
    const { body } = await send({ path: '/leave' })
    expect(seen.slice(before).map(({ url }) => url)).toEqual(['/base/leave'])
    expect(body.data?.status ?? body.error.code).toEqual(expect.anything())
    expect(body.data?.body ?? null).toBeNull()
  })

  test.each([
    'Host',
    'authorization',
    'Cookie',
    'Connection',
    'Transfer-Encoding',
    'content-length',
  ])('the header %s is the manager’s own', async (name) => {
    const before = seen.length
    expect((await send({ path: '/a', headers: { [name]: 'x' } })).status).toBeGreaterThanOrEqual(
      400
    )
    expect(seen).toHaveLength(before)
  })
})
